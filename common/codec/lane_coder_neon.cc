// 64-bit Arm, where every processor has NEON.
#include <arm_neon.h>

#include "common/codec/lane_coder.h"
#include "common/codec/lane_coder_vector.h"

namespace sluice::codec {
namespace {

struct Neon {
  using U32 = uint32_t __attribute__((vector_size(16)));
  using I32 = int32_t __attribute__((vector_size(16)));
  using F32 = float __attribute__((vector_size(16)));
  static constexpr size_t kWidth = 4;
  static constexpr WordOrders kExpanding = WordOrders<4, 2>::Expanding();
  static constexpr WordOrders kCompacting = WordOrders<4, 2>::Compacting();

  static U32 Min(U32 a, U32 b) {
    return (U32)vminq_u32((uint32x4_t)a, (uint32x4_t)b);
  }
  static uint32_t Bits(U32 mask) {
    return vaddvq_u32((uint32x4_t)(mask & U32{1, 2, 4, 8}));
  }
  static U32 ExpandWords(const uint8_t* words, uint32_t bits) {
    const uint8x8_t ordered =
        vtbl1_u8(vld1_u8(words), vld1_u8(kExpanding.indices[bits]));
    return (U32)vmovl_u16(vreinterpret_u16_u8(ordered));
  }
  static void StoreWords(U32 vector, uint32_t bits, uint8_t* end) {
    const uint8x8_t four = vreinterpret_u8_u16(vmovn_u32((uint32x4_t)vector));
    vst1_u8(end - 8, vtbl1_u8(four, vld1_u8(kCompacting.indices[bits])));
  }
  static F32 ToFloat(U32 vector) {
    return (F32)vcvtq_f32_u32((uint32x4_t)vector);
  }
  static U32 ToInt(F32 floats) {
    return (U32)vcvtq_u32_f32((float32x4_t)floats);
  }
};

}  // namespace

// There is no gather: table entries are loaded one by one either way, and only
// the arithmetic between is done four lanes at a time.
void UseNeon(LanePath& path) {
  path.name = "neon";
  path.coders[2].encode = EncodeVectors<Neon, 4>;
  path.coders[3] = {EncodeVectors<Neon, 8>, DecodeVectors<Neon, 8>};
  path.coders[4] = {EncodeVectors<Neon, 16>, DecodeVectors<Neon, 16>};
  path.coders[5] = {EncodeVectors<Neon, 32>, DecodeVectors<Neon, 32>};
}

}  // namespace sluice::codec

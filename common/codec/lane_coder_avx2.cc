// x86-64. Compiled with -mavx2 and entered only where the processor has it.
#include <immintrin.h>

#include "common/codec/lane_coder.h"
#include "common/codec/lane_coder_vector.h"

namespace sluice::codec {
namespace {

struct Avx2 {
  using U32 = uint32_t __attribute__((vector_size(32)));
  using I32 = int32_t __attribute__((vector_size(32)));
  using F32 = float __attribute__((vector_size(32)));
  static constexpr size_t kWidth = 8;
  static constexpr WordOrders kExpanding = WordOrders<8, 1>::Expanding();
  static constexpr WordOrders kCompacting = WordOrders<8, 2>::Compacting();

  static U32 Min(U32 a, U32 b) {
    return (U32)_mm256_min_epu32((__m256i)a, (__m256i)b);
  }
  static uint32_t Bits(U32 mask) {
    return static_cast<uint32_t>(_mm256_movemask_ps((__m256)mask));
  }
  static U32 ExpandWords(const uint8_t* words, uint32_t bits) {
    const __m128i eight =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(words));
    const __m128i order = _mm_loadl_epi64(
        reinterpret_cast<const __m128i*>(kExpanding.indices[bits]));
    return (U32)_mm256_permutevar8x32_epi32(_mm256_cvtepu16_epi32(eight),
                                            _mm256_cvtepu8_epi32(order));
  }
  static void StoreWords(U32 vector, uint32_t bits, uint8_t* end) {
    const __m256i low = (__m256i)(vector & 0xffff);
    const __m128i eight = _mm_packus_epi32(_mm256_castsi256_si128(low),
                                           _mm256_extracti128_si256(low, 1));
    const __m128i order = _mm_load_si128(
        reinterpret_cast<const __m128i*>(kCompacting.indices[bits]));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(end) - 1,
                     _mm_shuffle_epi8(eight, order));
  }
  // There is no conversion from unsigned: what it takes for negative, it takes
  // for 2^32 less.
  static F32 ToFloat(U32 vector) {
    const F32 two_to_32 = F32{} + 4294967296.0f;
    const I32 negative = (I32)vector >> 31;
    return (F32)_mm256_cvtepi32_ps((__m256i)vector) +
           (F32)(negative & (I32)two_to_32);
  }
  static U32 ToInt(F32 floats) {
    return (U32)_mm256_cvttps_epi32((__m256)floats);
  }
};

}  // namespace

// At 8 lanes a decoder waits for its one vector longer than the scalar one
// takes; an encoder gains there already. ns per symbol on Zen 4, GCC 12, 72,600
// symbols (scripts/bench codec), encode and decode:
//   lanes     8           16          32
//   scalar    2.4  1.5    2.3  1.3    2.4  1.3
//   avx2      1.35 2.0    0.97 1.07   0.97 0.69
// AVX-512 decodes no faster: 1.2 and 0.8 with its gather.
void UseAvx2(LanePath& path) {
  path.name = "avx2";
  path.coders[3].encode = EncodeVectors<Avx2, 8>;
  path.coders[4] = {EncodeVectors<Avx2, 16>, DecodeVectors<Avx2, 16>};
  path.coders[5] = {EncodeVectors<Avx2, 32>, DecodeVectors<Avx2, 32>};
}

}  // namespace sluice::codec

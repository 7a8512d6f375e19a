#include "device/pending_requests.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::device {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr base::TimePoint kStart{std::chrono::seconds(1000)};

v1::InferRequest Request(uint64_t sequence) {
  v1::InferRequest request;
  request.set_sequence(sequence);
  return request;
}

class PendingRequestsTest : public ::testing::Test {
 protected:
  PendingRequestsTest() {
    for (uint64_t i = 0; i < 3; ++i) pending_.Add(Request(i), kStart);
  }

  // The sequence of the next to send, or -1.
  int Next(base::TimePoint now = kStart) {
    const PendingRequests::Request request = pending_.NextToSend(now);
    return request == nullptr ? -1 : static_cast<int>(request->sequence());
  }

  std::vector<uint64_t> Answered() {
    std::vector<uint64_t> sequences;
    for (const Delivery& delivery : pending_.TakeAnswered()) {
      sequences.push_back(delivery.sequence);
    }
    return sequences;
  }

  PendingRequests pending_;
};

TEST_F(PendingRequestsTest, AreSentInOrderAndOnce) {
  EXPECT_EQ(Next(), 0);
  EXPECT_EQ(Next(), 1);
  EXPECT_EQ(Next(), 2);
  EXPECT_EQ(Next(), -1);
  EXPECT_EQ(pending_.num_in_flight(), 3u);
}

TEST_F(PendingRequestsTest, AnswerCarriesTheRoundTrip) {
  Next();
  pending_.AnswerFirst(v1::InferResponse(), kStart + milliseconds(7));
  const std::vector<Delivery> answered = pending_.TakeAnswered();
  ASSERT_EQ(answered.size(), 1u);
  ASSERT_TRUE(answered[0].answer.ok());
  EXPECT_EQ(answered[0].answer->round_trip_ms, 7);
  EXPECT_EQ(pending_.size(), 2u);
}

TEST_F(PendingRequestsTest, AnswersWaitForThoseBefore) {
  Next();
  Next();
  pending_.SendFirstAgain(kStart + milliseconds(5));
  pending_.AnswerFirst(v1::InferResponse(), kStart);
  EXPECT_THAT(Answered(), IsEmpty());
  EXPECT_EQ(Next(kStart + milliseconds(4)), 2);
  EXPECT_EQ(pending_.NextDue(), kStart + milliseconds(5));
  EXPECT_EQ(Next(kStart + milliseconds(5)), 0);
  pending_.AnswerFirst(v1::InferResponse(), kStart);  // Of 2.
  pending_.AnswerFirst(v1::InferResponse(), kStart);  // Of 0.
  EXPECT_THAT(Answered(), ElementsAre(0, 1, 2));
  EXPECT_TRUE(pending_.empty());
}

TEST_F(PendingRequestsTest, BrokenStreamSendsAgainInOrder) {
  Next();
  Next();
  pending_.SendAllAgain();
  EXPECT_EQ(pending_.num_in_flight(), 0u);
  EXPECT_EQ(pending_.OldestSent(), base::TimePoint::max());
  EXPECT_EQ(Next(), 0);
  EXPECT_EQ(pending_.FirstSendings(), 2);
  EXPECT_EQ(Next(), 1);
  EXPECT_EQ(Next(), 2);
}

TEST_F(PendingRequestsTest, FailingAllKeepsWhatWasAnswered) {
  Next();
  pending_.AnswerFirst(v1::InferResponse(), kStart);
  Next();
  pending_.FailAll(absl::UnavailableError("gone"));
  const std::vector<Delivery> answered = pending_.TakeAnswered();
  ASSERT_EQ(answered.size(), 3u);
  EXPECT_TRUE(answered[0].answer.ok());
  EXPECT_EQ(answered[1].answer.status(), absl::UnavailableError("gone"));
  EXPECT_EQ(answered[2].answer.status(), absl::UnavailableError("gone"));
}

TEST_F(PendingRequestsTest, FailedFromTheStartIsNeverSent) {
  pending_.AddFailed(3, absl::ResourceExhaustedError("large"));
  EXPECT_EQ(Next(), 0);
  EXPECT_EQ(Next(), 1);
  EXPECT_EQ(Next(), 2);
  EXPECT_EQ(Next(), -1);
  EXPECT_THAT(Answered(), IsEmpty());
  pending_.FailAll(absl::UnavailableError("gone"));
  EXPECT_THAT(Answered(), ElementsAre(0, 1, 2, 3));
}

}  // namespace
}  // namespace sluice::device

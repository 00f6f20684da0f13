// SPDX-License-Identifier: Apache-2.0

// Matchers for absl::Status and absl::StatusOr, called as Abseil's, which the TensorFlow wheel leaves out. They need
// GTest::gmock among a test's DEPS.
//
//   EXPECT_THAT(writer->Close(), IsOk());
//   EXPECT_THAT(ParseShape("2,3"), IsOkAndHolds(ElementsAre(2, 3)));
//   EXPECT_THAT(ParseShape("x"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"x\"")));
#ifndef TFXM_TESTING_STATUS_MATCHERS_H_
#define TFXM_TESTING_STATUS_MATCHERS_H_

#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"

namespace tfxm {
namespace internal {

inline absl::Status StatusOf(const absl::Status& status) { return status; }
template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

template <typename Matcher>
class HoldsMatcher {
 public:
  explicit HoldsMatcher(Matcher matcher) : matcher_(std::move(matcher)) {}
  template <typename Result>
  operator ::testing::Matcher<Result>() const {  // NOLINT(google-explicit-constructor)
    return ::testing::Matcher<Result>(new Impl<Result>(matcher_));
  }

 private:
  template <typename Result>
  class Impl : public ::testing::MatcherInterface<Result> {
   public:
    using Value = typename std::decay_t<Result>::value_type;
    explicit Impl(const Matcher& matcher) : matcher_(::testing::SafeMatcherCast<const Value&>(matcher)) {}
    void DescribeTo(std::ostream* out) const override {
      *out << "is OK and holds a value that ";
      matcher_.DescribeTo(out);
    }
    bool MatchAndExplain(Result result, ::testing::MatchResultListener* listener) const override {
      if (result.ok()) return matcher_.MatchAndExplain(*result, listener);
      *listener << "which is " << result.status();
      return false;
    }

   private:
    const ::testing::Matcher<const Value&> matcher_;
  };
  const Matcher matcher_;
};

}  // namespace internal

MATCHER(IsOk, negation ? "is an error" : "is OK") {
  const absl::Status& status = internal::StatusOf(arg);
  if (!status.ok()) *result_listener << status;
  return status.ok();
}

template <typename Matcher>
internal::HoldsMatcher<std::decay_t<Matcher>> IsOkAndHolds(Matcher&& matcher) {
  return internal::HoldsMatcher<std::decay_t<Matcher>>(std::forward<Matcher>(matcher));
}

MATCHER_P2(StatusIs, code, message, "") {
  const absl::Status& status = internal::StatusOf(arg);
  *result_listener << status;
  return status.code() == code &&
         ::testing::ExplainMatchResult(message, std::string(status.message()), result_listener);
}
// With any message.
inline auto StatusIs(absl::StatusCode code) { return StatusIs(code, ::testing::_); }

}  // namespace tfxm

#endif  // TFXM_TESTING_STATUS_MATCHERS_H_

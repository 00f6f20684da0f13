#include "tfxm/rewriting/isolate.h"

#include <signal.h>
#include <unistd.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tfxm {
namespace {

using ::testing::HasSubstr;

absl::Status InChild(const std::function<absl::Status(std::string*)>& work, std::string* output = nullptr) {
  std::string ignored;
  return RunInChild("the work", work, output ? output : &ignored);
}

TEST(RunInChildTest, BringsBackStatusAndOutput) {
  std::string output;
  EXPECT_EQ(InChild([](std::string* out) { return *out = std::string(100000, 'x'), absl::OkStatus(); }, &output),
            absl::OkStatus());
  EXPECT_EQ(output, std::string(100000, 'x'));
  const absl::Status failed =
      InChild([](std::string* out) { return *out = "half", absl::NotFoundError("no model"); }, &output);
  EXPECT_EQ(failed, absl::NotFoundError("no model"));
  EXPECT_EQ(output, "half");
}

TEST(RunInChildTest, ACrashIsAnErrorOfTheChildOnly) {
  const absl::Status killed = InChild([](std::string*) { return raise(SIGKILL), absl::OkStatus(); });
  EXPECT_EQ(killed.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(killed.message()),
              AllOf(HasSubstr("the work crashed"), HasSubstr("signal 9"), HasSubstr("memory")));
  const absl::Status left = InChild([](std::string*) { return _exit(3), absl::OkStatus(); });
  EXPECT_THAT(std::string(left.message()), HasSubstr("exit status 3"));
}

}  // namespace
}  // namespace tfxm

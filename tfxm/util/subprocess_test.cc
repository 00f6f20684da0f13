// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/subprocess.h"

#include <cstdlib>

#include "gtest/gtest.h"

namespace tfxm {
namespace {

TEST(SubprocessTest, GivesOutputAndExitCode) {
  const auto result = RunSubprocess({"sh", "-c", "echo out; echo err >&2; exit 3"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(result->output, "out\nerr\n");
}

TEST(SubprocessTest, ASignalIsReportedAsShellsDo) {
  EXPECT_EQ(RunSubprocess({"sh", "-c", "kill -SEGV $$"})->exit_code, 139);
}

TEST(SubprocessTest, ArgumentsAreNotInterpreted) {
  EXPECT_EQ(RunSubprocess({"echo", "$HOME; *"})->output, "$HOME; *\n");
}

TEST(SubprocessTest, VariablesComeBesideAndInPlaceOfItsOwn) {
  setenv("TFXM_TEST_A", "old", 1);
  setenv("TFXM_TEST_AB", "kept", 1);
  const auto result =
      RunSubprocess({"sh", "-c", "echo $TFXM_TEST_A $TFXM_TEST_AB $TFXM_TEST_C"}, {"TFXM_TEST_A=new", "TFXM_TEST_C=c"});
  EXPECT_EQ(result->output, "new kept c\n");
}

TEST(SubprocessTest, AMissingProgramIsNotFound) {
  EXPECT_EQ(RunSubprocess({"no-such-program"}).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tfxm

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/exit_status.h"

#include "gtest/gtest.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

TEST(ExitStatusTest, EachKindHasItsNumber) {
  EXPECT_EQ(ExitStatusOf(absl::OkStatus()), 0);
  EXPECT_EQ(ExitStatusOf(AnswerIsNo("a threshold is missed")), 1);
  EXPECT_EQ(ExitStatusOf(UsageError("give one file")), 2);
  EXPECT_EQ(ExitStatusOf(absl::FailedPreconditionError("not blessed by anyone")), 3);
  EXPECT_EQ(ExitStatusOf(absl::InvalidArgumentError("the data are damaged")), 3);
}

TEST(ExitStatusTest, SurvivesAContext) {
  const absl::Status status = Annotate(AnswerIsNo("too large"), "model.tflite");
  EXPECT_EQ(status.message(), "model.tflite: too large");
  EXPECT_EQ(ExitStatusOf(status), 1);
}

}  // namespace
}  // namespace tfxm

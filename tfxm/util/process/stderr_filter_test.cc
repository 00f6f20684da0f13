// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/process/stderr_filter.h"

#include <cstdio>

#include "gtest/gtest.h"

namespace tfxm {
namespace {

TEST(StderrWithoutLineTest, TheLineGoesAndEverythingElseStays) {
  testing::internal::CaptureStderr();
  {
    const StderrWithoutLine filter("INFO: once\n");
    std::fputs("before\nINFO: once\nWARNING: after\n", stderr);
  }
  {
    const StderrWithoutLine filter("INFO: once\n");  // It was said: nothing is kept back any more.
    std::fputs("more\n", stderr);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "before\nWARNING: after\nmore\n");
}

}  // namespace
}  // namespace tfxm

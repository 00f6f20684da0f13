// SPDX-License-Identifier: Apache-2.0

// The tests run executors in processes of this program.
#include <gtest/gtest.h>

#include "tfxm/orchestration/executor/executor_process.h"

int main(int argc, char** argv) {
  int exit_code;
  if (tfxm::MaybeRunExecutor(argc, argv, &exit_code)) return exit_code;
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

// SPDX-License-Identifier: Apache-2.0

// What a command's exit status says, the same for every command of tfxm and every pipeline:
//
// ```text
//   0  done
//   1  done, and the answer is no: a threshold is missed, there are anomalies, a rewritten model is outside of its
//      limits, a file is not what its manifest says
//   2  called wrongly: nothing was done
//   3  failed
//   128 + N  ended by signal N: 130 after Ctrl-C (SIGINT), 143 after SIGTERM
// ```
//
// Where an error arises, it says which of them it is; any other error is a failure:
//
//   return AnswerIsNo("NOT blessed: accuracy is 0.7, which is below 0.97");
//   return UsageError("give one file: tfxm inspect FILE.tflite");
//
// and main() ends with `return ExitStatusOf(status);`.
#ifndef TFXM_UTIL_EXIT_STATUS_H_
#define TFXM_UTIL_EXIT_STATUS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tfxm {

inline constexpr int kExitDone = 0, kExitNo = 1, kExitUsage = 2, kExitFailed = 3, kExitInterrupted = 130;

// FAILED_PRECONDITION, exit status 1.
absl::Status AnswerIsNo(absl::string_view message);
// INVALID_ARGUMENT, exit status 2.
absl::Status UsageError(absl::string_view message);
// Annotate (status_macros.h) keeps what a status says here.
int ExitStatusOf(const absl::Status& status);

}  // namespace tfxm

#endif  // TFXM_UTIL_EXIT_STATUS_H_

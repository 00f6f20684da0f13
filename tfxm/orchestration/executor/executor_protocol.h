// SPDX-License-Identifier: Apache-2.0

// How the two ends of executor_process.h find each other.
#ifndef TFXM_ORCHESTRATION_EXECUTOR_EXECUTOR_PROTOCOL_H_
#define TFXM_ORCHESTRATION_EXECUTOR_EXECUTOR_PROTOCOL_H_

namespace tfxm {

// --tfxm_executor=DIR: run the request in DIR.
inline constexpr char kExecutorFlag[] = "--tfxm_executor=";
// --tfxm_pass_map PLAN --shard=I --output=PART: make a part of a pass of an executor's, as `tfxm pass map` does.
inline constexpr char kPassMapFlag[] = "--tfxm_pass_map";
// The child's end of the pipe for progress: lines of "FRACTION MESSAGE".
inline constexpr int kProgressFd = 3;
// The exit status if the executor is done but its result cannot be written.
inline constexpr int kResultNotWritten = 74;

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_EXECUTOR_EXECUTOR_PROTOCOL_H_

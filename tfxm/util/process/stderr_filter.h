// SPDX-License-Identifier: Apache-2.0

// Keeps a library from printing a line that tells a user nothing.
//
//   {
//     const StderrWithoutLine filter("INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n");
//     std::cerr << "what a library prints\n";
//   }  // What else was printed to stderr meanwhile, by whomever, appears here.
//
// It is about the whole process's stderr, so for short calls only. Does nothing once the line was seen: LiteRT, for one,
// says it once in a process.
#ifndef TFXM_UTIL_PROCESS_STDERR_FILTER_H_
#define TFXM_UTIL_PROCESS_STDERR_FILTER_H_

#include <mutex>
#include <string>

namespace tfxm {

class StderrWithoutLine {
 public:
  explicit StderrWithoutLine(std::string line);
  ~StderrWithoutLine();
  StderrWithoutLine(const StderrWithoutLine&) = delete;
  StderrWithoutLine& operator=(const StderrWithoutLine&) = delete;

 private:
  std::unique_lock<std::mutex> lock_;
  const std::string line_;
  int caught_ = -1, stderr_ = -1;
};

}  // namespace tfxm

#endif  // TFXM_UTIL_PROCESS_STDERR_FILTER_H_

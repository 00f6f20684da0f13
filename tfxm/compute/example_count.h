// SPDX-License-Identifier: Apache-2.0

// How many examples a pass (pass.h) has had, of what its threads report.
//
//   ExampleCount count;
//   options.progress = count.Progress();
//   …
//   *num_examples = count.value();
#ifndef TFXM_COMPUTE_EXAMPLE_COUNT_H_
#define TFXM_COMPUTE_EXAMPLE_COUNT_H_

#include <atomic>
#include <cstdint>
#include <functional>

namespace tfxm::compute {

class ExampleCount {
 public:
  // For PassOptions::progress; must not outlive this.
  std::function<void(int64_t)> Progress() {
    return [this](int64_t n) {
      for (int64_t most = most_; most < n && !most_.compare_exchange_weak(most, n);) {
      }
    };
  }
  int64_t value() const { return most_; }

 private:
  std::atomic<int64_t> most_ = 0;
};

}  // namespace tfxm::compute

#endif  // TFXM_COMPUTE_EXAMPLE_COUNT_H_

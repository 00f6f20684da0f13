// SPDX-License-Identifier: Apache-2.0

// What makes a training worthless while it goes on: inputs, losses, weights that are not numbers.
#ifndef TFXM_NN_INTERNAL_WATCH_NUMBER_WATCH_H_
#define TFXM_NN_INTERNAL_WATCH_NUMBER_WATCH_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tfxm/nn/callbacks/callbacks.h"

namespace tfxm::nn {

// What to say of weights of these names, which hold nan or infinite values.
std::string DescribeNotFinite(const std::vector<std::string>& weights);

// Tells of each kind once: on stderr when it is seen, and as the last thing that is heard of the training.
class NumberWatch {
 public:
  // `what` is Feed::not_finite, of the data called `data` ("" for those of training).
  void OnInput(absl::string_view data, absl::string_view what);
  // After an update.
  void OnLoss(const FitState& state);
  // After `when`; nothing if there are no weights.
  void OnWeights(absl::string_view when, const std::vector<std::string>& weights);
  void OnEnd(int verbose) const;

 private:
  void Tell(std::string what);
  bool input_ = false, loss_ = false, weights_ = false;
  std::vector<std::string> told_;
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_WATCH_NUMBER_WATCH_H_

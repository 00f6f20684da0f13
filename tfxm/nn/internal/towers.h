// SPDX-License-Identifier: Apache-2.0

// Training on several cores: a batch's slices go through copies of the model side by side. Behind Model; not for users.
//
// The kernels of a convolution or of an LSTM's step share their work among threads badly. So the training step of a
// model with much work per example has the layers several times ("towers", as TensorFlow's multi-device examples call
// them), each with its slice of the batch and the same weights; nodes of different towers run at the same time, each on
// one thread. What comes out is put together again, and loss, metrics and optimizer see a whole batch. So the numbers
// are those of the whole model but for the order in which gradients are added up, and each tower draws random numbers
// of its own. How many towers there are follows from the model and the size of the batch, never from the machine.
#ifndef TFXM_NN_INTERNAL_TOWERS_H_
#define TFXM_NN_INTERNAL_TOWERS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/nn/network.h"

namespace tfxm::nn {

// A batch with fewer examples for each tower (the last one of an epoch) goes through the model as a whole.
inline constexpr int64_t kMinExamplesPerTower = 8;

// INVALID_ARGUMENT names a layer whose output for an example may depend on others (Layer::per_example).
absl::Status CheckTowers(const Network& network);

// How many towers pay for the model, measured on two cores. 1 where CheckTowers fails; where an example takes fewer than
// 150,000 multiplications, or fewer than 8 for each weight, whose gradients are added up; where a recurrent layer has
// fewer than 10,000 weights, so that its steps are too short. Otherwise 2, and 4 from 3,000,000 multiplications on if
// there is no recurrent layer.
int DefaultNumTowers(const Network& network);

// Network::Call for each of `num_towers` slices of the inputs, [i * batch / n, (i + 1) * batch / n), and the outputs
// and masks together again.
absl::StatusOr<std::vector<ops::Tensor>> CallInTowers(const Network& network, int num_towers, CallContext& context,
                                                      const std::map<std::string, ops::Tensor>& inputs,
                                                      std::vector<ops::Tensor>* output_masks);

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_TOWERS_H_

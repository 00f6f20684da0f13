// SPDX-License-Identifier: Apache-2.0

// Where a model's randomness comes from: initial weights, dropout, shuffling. All of it follows from one seed, so that
// the same program gives the same weights every time.
//
//   nn::SetRandomSeed(42);   // before models and datasets are made; 0 if never called
#ifndef TFXM_NN_RANDOM_H_
#define TFXM_NN_RANDOM_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace tfxm::nn {

// Of models and datasets made from now on, in any thread.
void SetRandomSeed(uint64_t seed);
uint64_t RandomSeed();

// A seed for the use `name` (a weight, a layer, a dataset) that is independent of the other uses of `seed`.
uint64_t DeriveSeed(uint64_t seed, absl::string_view name);
uint64_t DeriveSeed(uint64_t seed, uint64_t index);

// xoshiro256** (Blackman and Vigna), the same numbers on every machine. Not synchronized.
class Random {
 public:
  explicit Random(uint64_t seed);
  uint64_t Next();
  // In [0, 1), 53 bits.
  double Uniform();
  // In [0, n), without bias.
  uint64_t Below(uint64_t n);
  // Mean 0, standard deviation 1.
  double Normal();
  // Normal, drawn again while outside of two standard deviations.
  double TruncatedNormal();

 private:
  uint64_t state_[4];
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_RANDOM_H_

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/random.h"

#include <atomic>
#include <cmath>

#include "tfxm/util/numeric/hash.h"
#include "tfxm/util/numeric/split_mix.h"

namespace tfxm::nn {
namespace {

std::atomic<uint64_t> global_seed = 0;

uint64_t RotateLeft(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

uint64_t Mix(uint64_t* state) {
  const uint64_t mixed = SplitMix64(*state);
  *state += kSplitMixGamma;
  return mixed;
}

}  // namespace

void SetRandomSeed(uint64_t seed) { global_seed = seed; }
uint64_t RandomSeed() { return global_seed; }

uint64_t DeriveSeed(uint64_t seed, absl::string_view name) { return DeriveSeed(seed, Fnv1a(name)); }

uint64_t DeriveSeed(uint64_t seed, uint64_t index) {
  uint64_t state = seed;
  state = Mix(&state) ^ index;
  return Mix(&state);
}

Random::Random(uint64_t seed) {
  for (uint64_t& word : state_) word = Mix(&seed);
}

uint64_t Random::Next() {
  const uint64_t result = RotateLeft(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = RotateLeft(state_[3], 45);
  return result;
}

double Random::Uniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

uint64_t Random::Below(uint64_t n) {
  const uint64_t limit = -n % n;  // 2^64 mod n: numbers below would be drawn once too often.
  uint64_t x = Next();
  while (x < limit) x = Next();
  return x % n;
}

double Random::Normal() {
  const double u = 1 - Uniform();
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * M_PI * Uniform());
}

double Random::TruncatedNormal() {
  double x = Normal();
  while (std::fabs(x) > 2) x = Normal();
  return x;
}

}  // namespace tfxm::nn

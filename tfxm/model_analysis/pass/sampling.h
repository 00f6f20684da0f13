// SPDX-License-Identifier: Apache-2.0

// The random assignment behind confidence intervals, made deterministic: it depends on an example's bytes and on the
// slice only, hence not on the order of the examples or on how they are sharded. As in TFMA, slices draw independently
// of each other, while all models see the same draw.
#ifndef TFXM_MODEL_ANALYSIS_PASS_SAMPLING_H_
#define TFXM_MODEL_ANALYSIS_PASS_SAMPLING_H_

#include <cmath>
#include <cstdint>

#include "tfxm/util/numeric/hash.h"
#include "tfxm/util/numeric/split_mix.h"

namespace tfxm::model_analysis {

enum class SamplingMethod { kNone, kJackknife, kPoissonBootstrap };

// TFMA's numbers of samples.
inline constexpr int kNumJackknifeBuckets = 20;
inline constexpr int kNumBootstrapSamples = 20;

inline int JackknifeBucket(uint64_t hash) { return static_cast<int>(SplitMix64(hash) % kNumJackknifeBuckets); }

// How often an example is drawn into a bootstrap sample: Poisson with mean 1, by inversion of a uniform number.
inline int PoissonCount(uint64_t hash, int sample) {
  double u = static_cast<double>(SplitMix64(hash ^ SplitMix64(static_cast<uint64_t>(sample) + 1)) >> 11) * 0x1p-53;
  double p = std::exp(-1.0);
  int count = 0;
  while (u >= p && count < 20) {
    u -= p;
    p /= ++count;
  }
  return count;
}

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_PASS_SAMPLING_H_

// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cmath>

#include "tfxm/nn/optimizers/optimizers.h"

namespace tfxm::nn::schedules {

LearningRate ExponentialDecay(ExponentialDecayOptions options) {
  return LearningRate([options](int64_t step) {
    double p = static_cast<double>(step) / static_cast<double>(options.decay_steps);
    if (options.staircase) p = std::floor(p);
    return options.initial_learning_rate * std::pow(options.decay_rate, p);
  });
}

LearningRate InverseTimeDecay(ExponentialDecayOptions options) {
  return LearningRate([options](int64_t step) {
    double p = static_cast<double>(step) / static_cast<double>(options.decay_steps);
    if (options.staircase) p = std::floor(p);
    return options.initial_learning_rate / (1 + options.decay_rate * p);
  });
}

LearningRate PolynomialDecay(PolynomialDecayOptions options) {
  return LearningRate([options](int64_t step) {
    double steps = static_cast<double>(options.decay_steps);
    double at = static_cast<double>(step);
    if (options.cycle) {
      steps *= step == 0 ? 1 : std::ceil(at / steps);
    } else {
      at = std::min(at, steps);
    }
    return (options.initial_learning_rate - options.end_learning_rate) * std::pow(1 - at / steps, options.power) +
           options.end_learning_rate;
  });
}

LearningRate CosineDecay(CosineDecayOptions options) {
  return LearningRate([options](int64_t step) {
    const bool warmup = options.warmup_steps > 0;
    const double start = warmup ? options.warmup_target : options.initial_learning_rate;
    if (warmup && step < options.warmup_steps) {
      const double done = static_cast<double>(step) / static_cast<double>(options.warmup_steps);
      return options.initial_learning_rate + (options.warmup_target - options.initial_learning_rate) * done;
    }
    const double done =
        std::min(1.0, static_cast<double>(step - options.warmup_steps) / static_cast<double>(options.decay_steps));
    return start * ((1 - options.alpha) * 0.5 * (1 + std::cos(M_PI * done)) + options.alpha);
  });
}

LearningRate PiecewiseConstantDecay(std::vector<int64_t> boundaries, std::vector<double> values) {
  return LearningRate([boundaries = std::move(boundaries), values = std::move(values)](int64_t step) {
    const size_t i = std::lower_bound(boundaries.begin(), boundaries.end(), step) - boundaries.begin();
    return values.empty() ? 0 : values[std::min(i, values.size() - 1)];
  });
}

LearningRate LinearWarmup(int64_t warmup_steps, double target, LearningRate then) {
  return LearningRate([=, then = std::move(then)](int64_t step) {
    return step < warmup_steps ? target * static_cast<double>(step) / static_cast<double>(warmup_steps)
                               : then.At(step - warmup_steps);
  });
}

}  // namespace tfxm::nn::schedules

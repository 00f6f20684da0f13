// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/internal/tukey.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "tfxm/transform/internal/accumulators.h"
#include "tfxm/transform/internal/ranged_histogram.h"

namespace tfxm::transform::internal {
namespace {

template <typename T>
constexpr T kPi = std::numbers::pi_v<T>;
constexpr double kGaussianKurtosis = 0.1226017;

template <typename T>
std::array<T, 2> MeanAndScale(T hl, T hr) {
  const T factor = static_cast<T>(1 / std::sqrt(2 * std::numbers::pi));
  const T mean = factor * (1 / (hl - 1) + 1 / (1 - hr));
  const T sl = std::sqrt(2 - hl), sr = std::sqrt(2 - hr);
  const T scale = factor * ((sl + sr - hl * sl - hr * sr) / ((hl - 1) * (hr - 1) * std::sqrt((hl - 2) * (hr - 2))));
  return {mean, scale};
}

template <typename T>
std::array<T, 2> SkewnessAndKurtosis(T hl, T hr) {
  const auto side = [](T h1, T h2) {
    return 12 * std::sqrt(2 - h1) * (h2 - 2) * (h2 - 1) * std::atan(1 / std::sqrt(2 - h1));
  };
  const auto denominator = [](T h) { return h * std::sqrt(2 - h) - std::sqrt(2 - h); };
  const T both = denominator(hl) + denominator(hr);
  const T skewness = (side(hl, hr) - kPi<T> * (hl - hr) * (hl - 2) * (hr - 2) - side(hr, hl)) /
                     (2 * kPi<T> * std::sqrt((hl - 2) * (hr - 2)) * both);
  const T root = std::sqrt((hl - 4) * (hl - 2) * (hl - 1) * (hr - 2)), tail = std::sqrt((hl - 4) * (hl - 1));
  const T first = hr * root - 2 * tail;
  const T second = hl * (hl - 3) * tail + root;
  const T third = 30 * (hl - 1) * std::sqrt((hl - 4) * (hl - 2) * (hr - 2) / (hl - 1)) * (hr - 1) *
                  std::atan(std::sqrt(1 + 2 / (hl - 4)));
  const T fourth = 30 * (hl - 2) * tail * (hl - 1) * std::atan(std::sqrt(1 + 2 / (hr - 4)));
  const T kurtosis =
      (6 * kPi<T> * (first - second) + third + fourth) / (kPi<T> * std::sqrt((4 - hl) * (2 - hl) * (1 - hl)) * both);
  return {skewness, kurtosis};
}

// Narrows [low, high], where error(low) < 0 < error(high).
template <typename T, typename Error>
void Bisect(const Error& error, T* low, T* high) {
  for (int step = 0; step <= 10; ++step) {
    const T middle = (*low + *high) / 2;
    const T e = error(middle);
    (e < 0 ? *low : *high) = middle;
    if (std::fabs(e) < T(1e-6) || *high - *low < T(1e-6)) return;
  }
}

// hl and hr. The search goes over hr and hr - hl in turn.
template <typename T>
std::array<T, 2> Tails(T skewness, T kurtosis) {
  if (!(kurtosis >= static_cast<T>(kGaussianKurtosis))) return {0, 0};
  const bool swap = skewness < 0;
  skewness = std::fabs(skewness);
  kurtosis = std::min(kurtosis, static_cast<T>(1 - 1e-5));
  // Without skewness there is a closed form.
  T h = 3 - 1 / std::cos(static_cast<T>(std::numbers::pi / 15) * (kurtosis - 6)), delta = 0;
  T min_h = h, max_h = static_cast<T>(1 - 1e-7), min_delta = 0, max_delta = h, last_h = 0, last_delta = 0;
  const auto errors = [&](T right, T difference) {
    const std::array<T, 2> of = SkewnessAndKurtosis<T>(right - difference, right);
    return std::array<T, 2>{of[0] - skewness, of[1] - kurtosis};
  };
  const auto skewness_error = [&](T x) { return errors(h, x)[0]; };
  const auto kurtosis_error = [&](T x) { return errors(x, delta)[1]; };
  for (int step = 0; step < 20; ++step) {
    const bool bounded = skewness_error(max_delta) > 0;
    T low = min_delta, high = max_delta;
    if (bounded) {
      Bisect(skewness_error, &low, &high);
      delta = max_delta = high;
    } else {
      delta = min_delta = max_delta;
    }
    low = min_h, high = max_h;
    Bisect(kurtosis_error, &low, &high);
    if (bounded) {
      h = max_h = high;
      low = min_delta, high = max_delta;
      Bisect(skewness_error, &low, &high);
      delta = min_delta = low;
      low = min_h, high = max_h;
      Bisect(kurtosis_error, &low, &high);
      h = min_h = low;
    } else {
      h = min_h = max_delta = low;
    }
    const std::array<T, 2> error = errors(h, delta);
    const auto small = [](T a, T b) { return std::fabs(a) < T(1e-6) && std::fabs(b) < T(1e-6); };
    if (small(error[0], error[1]) || small(h - last_h, delta - last_delta)) break;
    last_h = h;
    last_delta = delta;
  }
  return swap ? std::array<T, 2>{h, h - delta} : std::array<T, 2>{h - delta, h};
}

// n over k, for small k.
long double Binomial(int64_t n, int k) {
  long double result = 1;
  for (int i = 0; i < k; ++i) result = result * static_cast<long double>(n - i) / (i + 1);
  return result;
}

// The L-moments of all finite values, exact for up to 65,536 different ones.
class TukeyAccumulator : public RangedHistogramAccumulator<int64_t> {
 public:
  explicit TukeyAccumulator(const AnalyzerNode& analyzer)
      : RangedHistogramAccumulator(analyzer.num_elements()),
        dtype_(analyzer.dtype == DataType::kDouble ? DataType::kDouble : DataType::kFloat),
        shape_(analyzer.shape) {}

  absl::Status Add(std::span<const Values> inputs) override {
    size_t k = 0;
    for (const double x : AsDoubles(inputs[0])) {
      Element& e = elements_[k];
      if (++k == elements_.size()) k = 0;
      if (std::isfinite(x)) e.Add(x, 1);
    }
    return absl::OkStatus();
  }
  std::vector<tfxm::Tensor> Result() const override {
    return dtype_ == DataType::kDouble ? ResultOf<double>() : ResultOf<float>();
  }

 private:
  template <typename T>
  std::vector<tfxm::Tensor> ResultOf() const {
    std::array<std::vector<T>, 4> results;
    for (const Element& e : elements_) {
      const std::array<double, 4> l = LMoments(e);
      const bool shaped = l[1] > 0;
      const auto of =
          TukeyFromLMoments<T>(static_cast<T>(l[0]), static_cast<T>(l[1]), static_cast<T>(shaped ? l[2] / l[1] : 0),
                               static_cast<T>(shaped ? l[3] / l[1] : 0));
      results[0].push_back(of.location);
      results[1].push_back(of.scale);
      results[2].push_back(of.left);
      results[3].push_back(of.right);
    }
    std::vector<tfxm::Tensor> tensors;
    for (const auto& result : results) tensors.push_back(MakeTensor(dtype_, shape_, result));
    return tensors;
  }

  // By probability weighted moments: b_r is the sum over the sorted values of x_j * (j - 1 over r) / (n * (n - 1 over
  // r)); of equal values the weights are summed at once. Third and fourth are 0 below four values.
  static std::array<double, 4> LMoments(const Element& e) {
    if (e.empty()) return {};
    std::array<long double, 4> b = {};
    int64_t before = 0;
    for (const statistics::WeightedValue& v : e.Sorted()) {
      const int64_t upto = before + static_cast<int64_t>(v.weight);
      for (int r = 0; r < 4; ++r) b[r] += v.value * (Binomial(upto, r + 1) - Binomial(before, r + 1));
      before = upto;
    }
    for (int r = 0; r < 4; ++r) b[r] = before > r ? b[r] / ((r + 1) * Binomial(before, r + 1)) : 0;
    std::array<double, 4> l = {static_cast<double>(b[0])};
    if (before > 1) l[1] = static_cast<double>(2 * b[1] - b[0]);
    if (before > 3) {
      l[2] = static_cast<double>(6 * b[2] - 6 * b[1] + b[0]);
      l[3] = static_cast<double>(20 * b[3] - 30 * b[2] + 12 * b[1] - b[0]);
    }
    return l;
  }

  const DataType dtype_;
  const Shape shape_;
};

}  // namespace

template <typename T>
TukeyParameters<T> TukeyFromLMoments(T l1, T l2, T skewness, T kurtosis) {
  const std::array<T, 2> tails = Tails(skewness, kurtosis);
  const std::array<T, 2> of_tails = MeanAndScale(tails[0], tails[1]);
  const T scale = l2 > 0 ? l2 / of_tails[1] : 1;
  return {l1 - scale * of_tails[0], scale, tails[0], tails[1]};
}
template TukeyParameters<float> TukeyFromLMoments(float, float, float, float);
template TukeyParameters<double> TukeyFromLMoments(double, double, double, double);

std::unique_ptr<Accumulator> MakeTukeyAccumulator(const AnalyzerNode& analyzer) {
  return std::make_unique<TukeyAccumulator>(analyzer);
}

}  // namespace tfxm::transform::internal

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/comparison/significance/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tfxm/util/numeric/student_t.h"

namespace tfxm::model_analysis {
namespace {

constexpr double kNormalQuantile = 1.959963984540054;  // 0.975

}  // namespace

double StudentT975(int64_t degrees_of_freedom) {
  constexpr int kTable = 200;
  static const std::vector<double>* const table = [] {
    auto* quantiles = new std::vector<double>(kTable);
    for (int df = 1; df < kTable; ++df) (*quantiles)[df] = StudentTQuantile(0.975, df);
    return quantiles;
  }();
  if (degrees_of_freedom < kTable) return (*table)[std::max<int64_t>(degrees_of_freedom, 1)];
  // Cornish-Fisher expansion about the normal quantile (Abramowitz & Stegun 26.7.5).
  const double z = kNormalQuantile, z2 = z * z, v = static_cast<double>(degrees_of_freedom);
  return z + z * (z2 + 1) / (4 * v) + z * ((5 * z2 + 16) * z2 + 3) / (96 * v * v) +
         z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * v * v * v);
}

double McNemarExact(int64_t better, int64_t worse) {
  const double n = static_cast<double>(better + worse);
  const int64_t fewer = std::min(better, worse);
  if (better == worse) return 1;
  // From the largest term down; what no longer counts is left out.
  double sum = 0, term = std::exp(LogBinomial(n, static_cast<double>(fewer)) - n * std::log(2.0));
  for (int64_t k = fewer; k >= 0 && term > sum * 1e-18; --k) {
    sum += term;
    term *= static_cast<double>(k) / (n - static_cast<double>(k) + 1);
  }
  return std::min(1.0, 2 * sum);
}

double McNemarChiSquare(int64_t better, int64_t worse) {
  if (better + worse == 0) return 1;
  const double distance = std::max(0.0, std::abs(static_cast<double>(better - worse)) - 1);
  return std::erfc(std::sqrt(distance * distance / static_cast<double>(better + worse) / 2));
}

Bounds PairedProportionInterval(int64_t better, int64_t worse, int64_t examples) {
  double b = static_cast<double>(better), w = static_cast<double>(worse), n = static_cast<double>(examples);
  double correction = 1 / n;
  const bool exact = better + worse <= kMaxExactDiscordant;
  const bool real = (exact ? McNemarExact(better, worse) : McNemarChiSquare(better, worse)) < 0.05;
  if (exact) {
    b += 1;
    w += 1;
    n += 2;
    correction = 0;
  }
  const double difference = (b - w) / n;
  const double error = std::sqrt(std::max(0.0, (b + w) / n - difference * difference) / n);
  const double half = kNormalQuantile * error + correction;
  const double zero_lower = real ? 1 : 0, zero_upper = real ? -1 : 0;
  return {std::max(-1.0, std::min(zero_lower, difference - half)),
          std::min(1.0, std::max(zero_upper, difference + half))};
}

double HypergeometricUpperTail(int64_t total, int64_t special, int64_t drawn, int64_t hits) {
  const int64_t least = std::max<int64_t>(0, drawn + special - total), most = std::min(drawn, special);
  if (hits <= least) return 1;
  if (hits > most) return 0;
  const double n = static_cast<double>(total), s = static_cast<double>(special), d = static_cast<double>(drawn);
  auto probability = [&](int64_t k) {
    const double x = static_cast<double>(k);
    return std::exp(LogBinomial(s, x) + LogBinomial(n - s, d - x) - LogBinomial(n, d));
  };
  // Whichever tail begins beyond the mode: its terms fall, so that the sum may end early.
  const double mode = (d + 1) * (s + 1) / (n + 2);
  double sum = 0;
  if (static_cast<double>(hits) > mode) {
    double term = probability(hits);
    for (int64_t k = hits; k <= most && term > sum * 1e-18; ++k) {
      sum += term;
      const double x = static_cast<double>(k);
      term *= (s - x) * (d - x) / ((x + 1) * (n - s - d + x + 1));
    }
    return std::min(1.0, sum);
  }
  double term = probability(hits - 1);
  for (int64_t k = hits - 1; k >= least && term > sum * 1e-18; --k) {
    sum += term;
    const double x = static_cast<double>(k);
    term *= x * (n - s - d + x) / ((s - x + 1) * (d - x + 1));
  }
  return std::max(0.0, 1 - sum);
}

std::vector<double> BenjaminiHochberg(const std::vector<double>& p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double least = 1;
  for (size_t rank = order.size(); rank > 0; --rank) {
    const size_t i = order[rank - 1];
    least = std::min(least, p_values[i] * static_cast<double>(order.size()) / static_cast<double>(rank));
    adjusted[i] = least;
  }
  return adjusted;
}

}  // namespace tfxm::model_analysis

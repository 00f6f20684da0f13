// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/numeric/student_t.h"

#include <cmath>
#include <limits>

namespace tfxm {

double LogGamma(double x) {
  int sign = 0;
  return lgamma_r(x, &sign);
}

double LogBinomial(double n, double k) { return LogGamma(n + 1) - LogGamma(k + 1) - LogGamma(n - k + 1); }

namespace {

// Regularized incomplete beta function by its continued fraction (Abramowitz & Stegun 26.5.8), evaluated with Lentz's
// method.
double IncompleteBeta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean; above it, use the symmetry.
  if (x > (a + 1) / (a + b + 2)) return 1 - IncompleteBeta(b, a, 1 - x);
  const double front = std::exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * std::log(x) + b * std::log1p(-x)) / a;
  const double tiny = 1e-300;
  const auto nonzero = [&](double v) { return std::abs(v) < tiny ? tiny : v; };
  double c = 1, d = 1 / nonzero(1 - (a + b) * x / (a + 1)), result = d;
  for (int m = 1; m < 500; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonzero(1 + even * d);
    c = nonzero(1 + even / c);
    result *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonzero(1 + odd * d);
    c = nonzero(1 + odd / c);
    result *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return front * result;
}

double UpperTail(double t, double df) { return 0.5 * IncompleteBeta(df / 2, 0.5, df / (df + t * t)); }

}  // namespace

double StudentTQuantile(double p, double df) {
  if (!(p > 0 && p < 1 && df > 0)) return std::numeric_limits<double>::quiet_NaN();
  if (p == 0.5) return 0;
  if (p < 0.5) return -StudentTQuantile(1 - p, df);
  double low = 0, high = 1;
  while (UpperTail(high, df) > 1 - p && high < 1e300) high *= 2;
  for (int i = 0; i < 200 && high - low > 1e-14 * high; ++i) {
    const double middle = 0.5 * (low + high);
    (UpperTail(middle, df) > 1 - p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace tfxm

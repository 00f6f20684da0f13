// SPDX-License-Identifier: Apache-2.0

// Student's t distribution: the quantiles that confidence intervals are made with. From any thread.
#ifndef TFXM_UTIL_NUMERIC_STUDENT_T_H_
#define TFXM_UTIL_NUMERIC_STUDENT_T_H_

namespace tfxm {

// The t with P(T <= t) = p for 0 < p < 1 and df > 0 degrees of freedom; NaN otherwise. To about 1e-10 relative.
double StudentTQuantile(double p, double df);

// The logarithm of the gamma function. std::lgamma writes its sign into a variable of the process (signgam), which two
// threads must not do.
double LogGamma(double x);
// The logarithm of n over k.
double LogBinomial(double n, double k);

}  // namespace tfxm

#endif  // TFXM_UTIL_NUMERIC_STUDENT_T_H_

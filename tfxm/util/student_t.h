// Student's t distribution: the quantiles that confidence intervals are made with.
#ifndef TFXM_UTIL_STUDENT_T_H_
#define TFXM_UTIL_STUDENT_T_H_

namespace tfxm {

// The t with P(T <= t) = p for 0 < p < 1 and df > 0 degrees of freedom; NaN otherwise. To about 1e-10 relative.
double StudentTQuantile(double p, double df);

}  // namespace tfxm

#endif  // TFXM_UTIL_STUDENT_T_H_

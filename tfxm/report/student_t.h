// Student's t distribution, for evaluations that store a mean and a standard deviation instead of an interval (TFMA before 0.36).
#ifndef TFXM_REPORT_STUDENT_T_H_
#define TFXM_REPORT_STUDENT_T_H_

namespace tfxm::report {

// The t with P(T <= t) = p for 0 < p < 1 and df > 0 degrees of freedom; NaN otherwise. To about 1e-10 relative.
double StudentTQuantile(double p, double df);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_STUDENT_T_H_

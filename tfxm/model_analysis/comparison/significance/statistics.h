// SPDX-License-Identifier: Apache-2.0

// The statistics behind comparisons: is a difference between two models on the same examples real, and is a slice
// over-represented among some examples. Plain functions of counts, thread safe.
#ifndef TFXM_MODEL_ANALYSIS_COMPARISON_SIGNIFICANCE_STATISTICS_H_
#define TFXM_MODEL_ANALYSIS_COMPARISON_SIGNIFICANCE_STATISTICS_H_

#include <cstdint>
#include <vector>

namespace tfxm::model_analysis {

struct Bounds {
  double lower = 0, upper = 0;
};

// The 0.975 quantile of Student's t distribution with a whole number of degrees of freedom, at least 1: half a 95 %
// interval in standard errors. To about 1e-9; fast, as there is one for every metric of every slice.
double StudentT975(int64_t degrees_of_freedom);

// McNemar's test of two models that are right or wrong on the same examples. Only the discordant examples say anything:
// `better` are right by the model and wrong by the reference, `worse` the other way round. Two-sided p-values.
//
// Exact: the probability, if either way is equally likely, of a split at least as uneven (binomial; 1 without
// discordant examples). To be used up to kMaxExactDiscordant discordant examples.
double McNemarExact(int64_t better, int64_t worse);
// Edwards's continuity correction: chi-square of (|better - worse| - 1)^2 / (better + worse) with 1 degree of freedom.
double McNemarChiSquare(int64_t better, int64_t worse);
inline constexpr int64_t kMaxExactDiscordant = 25;

// A 95 % interval of the difference (better - worse) / examples, that goes with the test in use: by Bonett and Price
// (2012), which adds an example each way and so has some width without any discordant example, up to
// kMaxExactDiscordant; above, Wald's with continuity correction (Fleiss). Where the test finds no difference at 5 % the
// interval is widened to 0, if it does not hold it anyway.
Bounds PairedProportionInterval(int64_t better, int64_t worse, int64_t examples);

// Of `total` things `special` are special. The probability that of `drawn` things, drawn at random, at least `hits` are
// special (hypergeometric; the one-sided Fisher test). To about 1e-8 relative for a total of a million.
double HypergeometricUpperTail(int64_t total, int64_t special, int64_t drawn, int64_t hits);

// p-values adjusted for their number by Benjamini and Hochberg: rejecting those up to q keeps the expected share of
// false rejections below q. In the order given.
std::vector<double> BenjaminiHochberg(const std::vector<double>& p_values);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_COMPARISON_SIGNIFICANCE_STATISTICS_H_

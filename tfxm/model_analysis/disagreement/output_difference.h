// SPDX-License-Identifier: Apache-2.0

// How two models differ in what they say about one example.
#ifndef TFXM_MODEL_ANALYSIS_DISAGREEMENT_OUTPUT_DIFFERENCE_H_
#define TFXM_MODEL_ANALYSIS_DISAGREEMENT_OUTPUT_DIFFERENCE_H_

#include <span>

#include "tfxm/model_analysis/pass/extracts.h"

namespace tfxm::model_analysis {

// Two ways to look at a difference: by decision (the class with the highest score; of a single probability, whether it
// is above 0.5; of strings, the strings), and by value (whether any number differs by more than rounding does).
struct OutputDifference {
  bool decision = false, value = false;
  // The largest absolute difference of two corresponding numbers; 1 for strings that differ, infinity where one is NaN
  // and the other is not or the numbers of values differ.
  double distance = 0;

  void Add(const OutputDifference& other);  // Another output, or another model.
};

// Numbers that are at most this share of their size apart, and 1e-6, differ by rounding: what different kernels give.
inline constexpr double kRounding = 1e-4;

OutputDifference Compare(const Values& a, const Values& b, int row);

// The class that the scores decide for: the first of the highest; 0 or 1 for a single one; -1 if any is NaN.
int Decision(std::span<const double> scores);

// Whether scores with this label are decisions: a class index or one-hot label beside several scores; a label of 0 or 1
// beside one score within [0, 1]; strings. False for regression and for several labels. Several scores without any
// label are taken for those of classes.
bool IsDecision(const Values* labels, const Values& scores, int row);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_DISAGREEMENT_OUTPUT_DIFFERENCE_H_

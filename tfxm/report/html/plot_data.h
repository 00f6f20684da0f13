// SPDX-License-Identifier: Apache-2.0

// Plots reduced to what a page can draw: curves of a few hundred points, histograms of twenty bins, matrices of sixty
// classes.
#ifndef TFXM_REPORT_HTML_PLOT_DATA_H_
#define TFXM_REPORT_HTML_PLOT_DATA_H_

#include <vector>

#include "tfxm/report/evaluation/evaluation.h"

namespace tfxm::report {

// A subset of `matrices` (ascending thresholds) whose ROC and precision-recall curves deviate from the whole by less
// than 1/100: first and last are kept, and each at which some coordinate has moved by that much.
std::vector<BinaryMatrix> ThinCurve(const std::vector<BinaryMatrix>& matrices);

// Weighted examples by prediction, separately for positive and negative labels. From counts above each threshold, so
// only as exact as the thresholds are dense.
struct ScoreBin {
  double lower, upper, positives, negatives;
};
std::vector<ScoreBin> ScoreDistribution(const std::vector<BinaryMatrix>& matrices, int bins = 20);

// Neighbouring buckets merged into at most `bins` of equal width, empty ones left out; the open buckets at the ends
// stay apart.
std::vector<CalibrationBucket> MergeBuckets(const std::vector<CalibrationBucket>& buckets, int bins = 20);

// The classes to show: all if there are at most `limit`, else those with most weight off the diagonal. Ascending; may
// hold -1.
std::vector<int> MostConfusedClasses(const MultiClassMatrix& matrix, int limit = 60);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_HTML_PLOT_DATA_H_

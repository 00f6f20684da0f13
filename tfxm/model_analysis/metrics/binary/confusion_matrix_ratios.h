// SPDX-License-Identifier: Apache-2.0

// The numbers that are made of one binary confusion matrix: precision, recall and the other ratios of TFMA's
// confusion_matrix_metrics.py. NaN where a denominator is not positive.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_BINARY_CONFUSION_MATRIX_RATIOS_H_
#define TFXM_MODEL_ANALYSIS_METRICS_BINARY_CONFUSION_MATRIX_RATIOS_H_

#include <cmath>

namespace tfxm::model_analysis {

// Weighted counts of true and false positives and negatives.
struct ConfusionMatrix {
  double tp, tn, fp, fn;
};
using ConfusionMatrixRatio = double (*)(const ConfusionMatrix&);

inline double Ratio(double numerator, double denominator) {
  return denominator > 0 ? numerator / denominator : std::nan("");
}

inline double TruePositives(const ConfusionMatrix& m) { return m.tp; }
inline double TrueNegatives(const ConfusionMatrix& m) { return m.tn; }
inline double FalsePositives(const ConfusionMatrix& m) { return m.fp; }
inline double FalseNegatives(const ConfusionMatrix& m) { return m.fn; }
inline double BinaryAccuracy(const ConfusionMatrix& m) { return Ratio(m.tp + m.tn, m.tp + m.fp + m.tn + m.fn); }
inline double Precision(const ConfusionMatrix& m) { return Ratio(m.tp, m.tp + m.fp); }
inline double Recall(const ConfusionMatrix& m) { return Ratio(m.tp, m.tp + m.fn); }
inline double Specificity(const ConfusionMatrix& m) { return Ratio(m.tn, m.tn + m.fp); }
inline double FallOut(const ConfusionMatrix& m) { return Ratio(m.fp, m.fp + m.tn); }
inline double MissRate(const ConfusionMatrix& m) { return Ratio(m.fn, m.fn + m.tp); }
inline double NegativePredictiveValue(const ConfusionMatrix& m) { return Ratio(m.tn, m.tn + m.fn); }
inline double FalseDiscoveryRate(const ConfusionMatrix& m) { return Ratio(m.fp, m.fp + m.tp); }
inline double FalseOmissionRate(const ConfusionMatrix& m) { return Ratio(m.fn, m.fn + m.tn); }
inline double Prevalence(const ConfusionMatrix& m) { return Ratio(m.tp + m.fn, m.tp + m.tn + m.fp + m.fn); }
inline double ThreatScore(const ConfusionMatrix& m) { return Ratio(m.tp, m.tp + m.fn + m.fp); }
inline double F1Score(const ConfusionMatrix& m) { return Ratio(2 * m.tp, 2 * m.tp + m.fp + m.fn); }
inline double PredictedPositiveRate(const ConfusionMatrix& m) { return Ratio(m.tp + m.fp, m.tp + m.fp + m.tn + m.fn); }

inline double PrevalenceThreshold(const ConfusionMatrix& m) {
  const double tpr = Recall(m), tnr = Specificity(m);
  return (std::sqrt(tpr * (1 - tnr)) + tnr - 1) / (tpr + tnr - 1);
}
inline double BalancedAccuracy(const ConfusionMatrix& m) { return (Recall(m) + Specificity(m)) / 2; }
inline double MatthewsCorrelationCoefficient(const ConfusionMatrix& m) {
  return Ratio(m.tp * m.tn - m.fp * m.fn, std::sqrt((m.tp + m.fp) * (m.tp + m.fn) * (m.tn + m.fp) * (m.tn + m.fn)));
}
inline double FowlkesMallowsIndex(const ConfusionMatrix& m) { return std::sqrt(Precision(m) * Recall(m)); }
inline double Informedness(const ConfusionMatrix& m) { return Recall(m) + Specificity(m) - 1; }
inline double Markedness(const ConfusionMatrix& m) { return Precision(m) + NegativePredictiveValue(m) - 1; }
inline double PositiveLikelihoodRatio(const ConfusionMatrix& m) { return Ratio(Recall(m), FallOut(m)); }
inline double NegativeLikelihoodRatio(const ConfusionMatrix& m) { return Ratio(MissRate(m), Specificity(m)); }
inline double DiagnosticOddsRatio(const ConfusionMatrix& m) {
  return m.fn > 0 && m.fp > 0 && m.tn > 0 ? (m.tp / m.fn) / (m.fp / m.tn) : std::nan("");
}

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_BINARY_CONFUSION_MATRIX_RATIOS_H_

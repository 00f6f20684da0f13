// SPDX-License-Identifier: Apache-2.0

// The different values of a feature with what they are ordered by: how often they occur, the sum of their weights, or
// the mutual information with labels.
#ifndef TFXM_TRANSFORM_INTERNAL_VOCABULARY_ACCUMULATOR_H_
#define TFXM_TRANSFORM_INTERNAL_VOCABULARY_ACCUMULATOR_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/transform/internal/accumulators.h"

namespace tfxm::transform::internal {

struct VocabularyEntry {
  std::string token;
  double value;           // What it is ordered by.
  std::string frequency;  // The same as text, as TensorFlow Transform writes it.
};

class VocabularyAccumulator : public Accumulator {
 public:
  std::vector<tfxm::Tensor> Result() const override { return {}; }
  // What the file holds, in its order: thresholds and top_k applied, reserved tokens first.
  absl::StatusOr<std::vector<VocabularyEntry>> Entries(const VocabularyOptions& options) const;
  // Strings that were left out because they are empty or have a line break.
  virtual int64_t num_skipped() const = 0;

 private:
  struct Scored {
    double value;
    double frequency;
  };
  // By token, ascending; all.
  virtual absl::StatusOr<std::vector<std::pair<std::string, Scored>>> Score(const VocabularyOptions& options) const = 0;
  virtual std::string FrequencyText(double value) const;

  friend class CountedVocabulary;
  friend class WeightedVocabulary;
  friend class LabeledVocabulary;
};
std::unique_ptr<VocabularyAccumulator> MakeVocabularyAccumulator(const AnalyzerNode& analyzer);

// The mutual information of a token and a label (info_theory.py, in bits; the parts of one label).
// n_ij: the weight of both, x_i: of the token, y_j: of the label, n: of all.
double PartialMutualInformation(double n_ij, double x_i, double y_j, double n);
// What chance alone would give.
double PartialExpectedMutualInformation(double n, double x_i, double y_j);

// A floating-point number as Python writes it: "3.0", "0.1", "1e-05".
std::string PythonRepr(double x);

}  // namespace tfxm::transform::internal

#endif  // TFXM_TRANSFORM_INTERNAL_VOCABULARY_ACCUMULATOR_H_

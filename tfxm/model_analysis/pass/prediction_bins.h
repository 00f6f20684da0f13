// SPDX-License-Identifier: Apache-2.0

// How predictions are spread over the 10,000 bins that AUC sums over.
//
//   PredictionBins bins;
//   for (const double prediction : predictions) bins.Add(prediction);
//   if (bins.LargestShare() > 0.99) std::cout << "nearly all predictions are the same to AUC";
#ifndef TFXM_MODEL_ANALYSIS_PASS_PREDICTION_BINS_H_
#define TFXM_MODEL_ANALYSIS_PASS_PREDICTION_BINS_H_

#include <cstdint>
#include <vector>

#include "tfxm/util/coding/state.h"

namespace tfxm::model_analysis {

struct PredictionBins {
  std::vector<int64_t> counts;  // Empty: there are none in [0, 1].
  int64_t total = 0;
  double min = 1, max = 0;

  void Add(double prediction);
  void Merge(const PredictionBins& other);
  // The largest share of all in one bin.
  double LargestShare() const;
  // util/coding/state.h
  void Save(StateWriter* writer) const { writer->Write(counts, min, max); }
  void Load(StateReader* reader);
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_PASS_PREDICTION_BINS_H_

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/pass/prediction_bins.h"

#include <algorithm>

namespace tfxm::model_analysis {
namespace {

constexpr int kBins = 10000;

}  // namespace

void PredictionBins::Add(double prediction) {
  if (!(prediction >= 0 && prediction <= 1)) return;
  counts.resize(kBins + 1);
  ++counts[static_cast<size_t>(prediction * kBins)];
  ++total;
  min = std::min(min, prediction);
  max = std::max(max, prediction);
}

void PredictionBins::Merge(const PredictionBins& other) {
  if (other.total == 0) return;
  counts.resize(other.counts.size());
  for (size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  total += other.total;
  min = std::min(min, other.min);
  max = std::max(max, other.max);
}

void PredictionBins::Load(StateReader* reader) {
  reader->Read(&counts, &min, &max);
  total = 0;
  bool fits = counts.empty() || counts.size() == kBins + 1;
  for (const int64_t count : counts) {
    fits = fits && count >= 0 && count <= kMaxStateCount && total <= kMaxStateCount;
    total += fits ? count : 0;
  }
  if (fits && total <= kMaxStateCount && (total == 0) == counts.empty()) return;
  reader->Fail("predictions are in impossible bins");
  *this = PredictionBins();
}

double PredictionBins::LargestShare() const {
  if (total == 0) return 0;
  return static_cast<double>(*std::max_element(counts.begin(), counts.end())) / static_cast<double>(total);
}

}  // namespace tfxm::model_analysis

// SPDX-License-Identifier: Apache-2.0

// What analyzers compute over the data: accumulators (compute/accumulator.h). Their results depend on the set of the
// values only, not on the order of Add or on how the values were split over accumulators that were merged.
#ifndef TFXM_TRANSFORM_INTERNAL_ACCUMULATORS_H_
#define TFXM_TRANSFORM_INTERNAL_ACCUMULATORS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"
#include "tfxm/transform/internal/trace.h"
#include "tfxm/util/coding/state.h"

namespace tfxm::transform::internal {

// Values of some examples back to back. float16 and narrower integers come widened.
using Values = std::variant<std::span<const float>, std::span<const double>, std::span<const int64_t>,
                            std::span<const absl::string_view>>;

class Accumulator {
 public:
  virtual ~Accumulator() = default;
  // Value i belongs to element i % num_elements of the analyzer.
  virtual void Add(const Values& values) = 0;
  // `other` is of the same analyzer.
  virtual void Merge(const Accumulator& other) = 0;
  // What was added (util/coding/state.h); loaded into a new one of the same analyzer.
  virtual void Save(StateWriter* writer) const = 0;
  virtual void Load(StateReader* reader) = 0;
  // One tensor per output of the analyzer.
  virtual std::vector<tfxm::Tensor> Result() const = 0;
};

// Not for vocabularies.
std::unique_ptr<Accumulator> MakeNumericAccumulator(const AnalyzerNode& analyzer);

class VocabularyAccumulator : public Accumulator {
 public:
  // Values and how often they occur, the most frequent first, equally frequent ones in descending order.
  std::vector<std::pair<std::string, int64_t>> Sorted(const VocabularyOptions& options) const;
};
std::unique_ptr<VocabularyAccumulator> MakeVocabularyAccumulator();

}  // namespace tfxm::transform::internal

#endif  // TFXM_TRANSFORM_INTERNAL_ACCUMULATORS_H_

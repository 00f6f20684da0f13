// SPDX-License-Identifier: Apache-2.0

// What analyzers compute over the data: accumulators (compute/accumulator.h). Their results depend on the set of the
// values only, not on the order of Add or on how the values were split over accumulators that were merged.
#ifndef TFXM_TRANSFORM_INTERNAL_ACCUMULATORS_H_
#define TFXM_TRANSFORM_INTERNAL_ACCUMULATORS_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"
#include "tfxm/transform/internal/trace.h"
#include "tfxm/util/coding/state.h"
#include "tfxm/util/numeric/exact_sum.h"
#include "tfxm/util/numeric/wide_value.h"

namespace tfxm::transform::internal {

// Values of some examples back to back. float16 and narrower integers come widened.
using Values = std::variant<std::span<const float>, std::span<const double>, std::span<const int64_t>,
                            std::span<const absl::string_view>>;

class Accumulator {
 public:
  virtual ~Accumulator() = default;
  // One element for each input of the analyzer. Value i belongs to element i % num_elements. INVALID_ARGUMENT if the
  // inputs do not fit each other.
  virtual absl::Status Add(std::span<const Values> inputs) = 0;
  absl::Status Add(const Values& input) { return Add({&input, 1}); }
  // `other` is of the same analyzer.
  virtual void Merge(const Accumulator& other) = 0;
  // What was added (util/coding/state.h); loaded into a new one of the same analyzer.
  virtual void Save(StateWriter* writer) const = 0;
  virtual void Load(StateReader* reader) = 0;
  // One tensor per output of the analyzer.
  virtual std::vector<tfxm::Tensor> Result() const = 0;
};

// Of any analyzer.
std::unique_ptr<Accumulator> MakeAccumulator(const AnalyzerNode& analyzer);

// The files that each kind is in. `compact`: in little memory, for one of very many.
std::unique_ptr<Accumulator> MakeNumericAccumulator(const AnalyzerNode& analyzer, bool compact);
std::unique_ptr<Accumulator> MakeQuantilesAccumulator(const AnalyzerNode& analyzer);
std::unique_ptr<Accumulator> MakeCovarianceAccumulator(const AnalyzerNode& analyzer);
std::unique_ptr<Accumulator> MakeTukeyAccumulator(const AnalyzerNode& analyzer);
std::unique_ptr<Accumulator> MakePerKeyAccumulator(const AnalyzerNode& analyzer);

// A tensor of the type with these values, converted.
template <typename T>
tfxm::Tensor MakeTensor(DataType dtype, const Shape& shape, const std::vector<T>& values) {
  tfxm::Tensor tensor(dtype, shape);
  const auto fill = [&](auto out) { std::copy(values.begin(), values.end(), out.begin()); };
  switch (dtype) {
    case DataType::kFloat: fill(tensor.values<float>()); break;
    case DataType::kDouble: fill(tensor.values<double>()); break;
    case DataType::kInt64: fill(tensor.values<int64_t>()); break;
    case DataType::kInt32: fill(tensor.values<int32_t>()); break;
    case DataType::kInt16: fill(tensor.values<int16_t>()); break;
    case DataType::kInt8: fill(tensor.values<int8_t>()); break;
    case DataType::kUint8: fill(tensor.values<uint8_t>()); break;
    case DataType::kUint16: fill(tensor.values<uint16_t>()); break;
    default: break;
  }
  return tensor;
}

inline size_t NumValues(const Values& values) {
  return std::visit([](const auto& span) { return span.size(); }, values);
}

// Numbers, as doubles; strings are 0.
inline std::vector<double> AsDoubles(const Values& values) {
  return std::visit(
      [](const auto& span) {
        std::vector<double> doubles(span.size());
        if constexpr (std::is_arithmetic_v<typename std::decay_t<decltype(span)>::value_type>) {
          std::copy(span.begin(), span.end(), doubles.begin());
        }
        return doubles;
      },
      values);
}

}  // namespace tfxm::transform::internal

#endif  // TFXM_TRANSFORM_INTERNAL_ACCUMULATORS_H_

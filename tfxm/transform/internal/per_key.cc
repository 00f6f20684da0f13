// SPDX-License-Identifier: Apache-2.0

// An analyzer's accumulator for each key. The results are the keys, sorted, and each result of the analyzer with the
// keys as its first dimension; of quantiles what JoinBoundaries makes of them.
#include <algorithm>
#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "tfxm/transform/internal/accumulators.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::transform::internal {
namespace {

// Boundaries of all keys as one ascending list (analyzer_impls.py, _join_boundary_rows, in float32 as there): a value x
// of key i is searched for as x * scale[i] + shift[i], which is between i and i + 1 for x between the key's first and
// last boundary. One element more, for what has none of the keys.
std::vector<tfxm::Tensor> JoinBoundaries(tfxm::Tensor keys, const tfxm::Tensor& rows, int num_buckets) {
  const int64_t num_keys = rows.shape()[0], n = num_buckets - 1;
  const auto values = rows.values<float>();
  std::vector<float> joined = {0}, scales(num_keys + 1), shifts(num_keys + 1);
  for (int64_t key = 0; key < num_keys; ++key) {
    std::vector<float> row(values.begin() + key * n, values.begin() + (key + 1) * n);
    float epsilon = 1e-6f * (row[n - 1] - row[0]);
    if (!(epsilon > 0)) epsilon = 1e-6f;
    float sum = 0;  // Strictly increasing.
    const std::vector<float> given = row;
    for (int64_t i = 1; i < n; ++i) {
      sum += std::max(given[i] - given[i - 1], epsilon);
      row[i] = sum + given[0];
    }
    const float range = row[n - 1] - row[0];
    scales[key] = range != 0 ? 1.0f / range : 1.0f;
    shifts[key] = static_cast<float>(key) - row[0] * scales[key];
    for (int64_t i = 1; i < n; ++i) joined.push_back(row[i] * scales[key] + shifts[key]);
  }
  const auto vector = [](const std::vector<float>& floats) {
    return MakeTensor(DataType::kFloat, {static_cast<int64_t>(floats.size())}, floats);
  };
  return {std::move(keys), vector(joined), vector(scales), vector(shifts),
          MakeTensor(DataType::kInt64, {}, std::vector<int64_t>{num_buckets})};
}

// The tensors below one another: of shape {n, ...}. `prototype` has the type and the shape of each.
tfxm::Tensor StackRows(const tfxm::Tensor& prototype, const std::vector<std::vector<tfxm::Tensor>>& rows, size_t output,
                       const Shape& row_shape) {
  Shape shape = row_shape;
  shape.insert(shape.begin(), static_cast<int64_t>(rows.size()));
  tfxm::Tensor stacked(prototype.dtype(), shape);
  auto* to = stacked.bytes().data();
  for (const auto& row : rows) {
    const auto from = row[output].bytes();
    to = std::copy(from.begin(), from.end(), to);
  }
  return stacked;
}

class PerKeyAccumulator : public Accumulator {
 public:
  explicit PerKeyAccumulator(const AnalyzerNode& analyzer) : analyzer_(analyzer) { analyzer_.per_key = false; }

  absl::Status Add(std::span<const Values> inputs) override {
    const auto* keys = std::get_if<std::span<const absl::string_view>>(&inputs.back());
    if (keys == nullptr) return absl::InvalidArgumentError("its keys are not strings");
    std::vector<Values> of_key(inputs.begin(), inputs.end() - 1);
    for (size_t input = 0; input < of_key.size(); ++input) {
      const size_t n = NumValues(inputs[input]);
      if (keys->empty() ? n > 0 : n % keys->size() != 0) {
        return absl::InvalidArgumentError(absl::StrCat("there are ", n, " values and ", keys->size(), " keys"));
      }
    }
    for (size_t i = 0; i < keys->size(); ++i) {
      for (size_t input = 0; input < of_key.size(); ++input) {
        std::visit(
            [&](const auto& span) {
              const size_t n = span.size() / keys->size();
              of_key[input] = span.subspan(i * n, n);
            },
            inputs[input]);
      }
      RETURN_IF_ERROR(Of((*keys)[i]).Add(of_key));
    }
    return absl::OkStatus();
  }
  void Merge(const Accumulator& other) override {
    for (const auto& [key, accumulator] : static_cast<const PerKeyAccumulator&>(other).accumulators_) {
      Of(key).Merge(*accumulator);
    }
  }
  void Save(StateWriter* writer) const override {
    writer->Write(static_cast<int64_t>(accumulators_.size()));
    for (const auto& [key, accumulator] : accumulators_) {
      writer->Write(key);
      accumulator->Save(writer);
    }
  }
  void Load(StateReader* reader) override {
    int64_t keys = 0;
    reader->ReadCounts(&keys);
    std::string last;
    for (int64_t i = 0; i < keys && reader->ok(); ++i) {
      std::string key;
      reader->Read(&key);
      if (i > 0 && !(last < key)) return reader->Fail("its keys are not in order");
      Of(key).Load(reader);
      last = key;
    }
  }
  std::vector<tfxm::Tensor> Result() const override {
    tfxm::Tensor keys(DataType::kString, {static_cast<int64_t>(accumulators_.size())});
    std::vector<std::vector<tfxm::Tensor>> rows;
    for (const auto& [key, accumulator] : accumulators_) {
      keys.strings()[rows.size()] = key;
      rows.push_back(accumulator->Result());
    }
    const std::vector<tfxm::Tensor> none = Make()->Result();  // For the types, also without any key.
    std::vector<tfxm::Tensor> results = {keys};
    for (size_t output = 0; output < none.size(); ++output) {
      const bool flat = analyzer_.kind == AnalyzerKind::kQuantiles;  // {1, n - 1}
      results.push_back(
          StackRows(none[output], rows, output, flat ? Shape{analyzer_.num_buckets - 1} : analyzer_.shape));
    }
    if (analyzer_.kind != AnalyzerKind::kQuantiles) return results;
    return JoinBoundaries(std::move(results[0]), results[1], analyzer_.num_buckets);
  }

 private:
  std::unique_ptr<Accumulator> Make() const {
    if (analyzer_.kind == AnalyzerKind::kQuantiles) return MakeQuantilesAccumulator(analyzer_);
    return MakeNumericAccumulator(analyzer_, /*compact=*/true);
  }
  Accumulator& Of(absl::string_view key) {
    auto it = accumulators_.find(key);
    if (it == accumulators_.end()) it = accumulators_.emplace(std::string(key), Make()).first;
    return *it->second;
  }

  AnalyzerNode analyzer_;  // Of one key.
  std::map<std::string, std::unique_ptr<Accumulator>, std::less<>> accumulators_;
};

}  // namespace

std::unique_ptr<Accumulator> MakePerKeyAccumulator(const AnalyzerNode& analyzer) {
  return std::make_unique<PerKeyAccumulator>(analyzer);
}

}  // namespace tfxm::transform::internal

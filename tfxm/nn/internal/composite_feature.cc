// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/internal/composite_feature.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/data/feature_tensor.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

// All values of example i; none if it lacks the feature.
absl::StatusOr<Tensor> ValuesOf(const data::ExampleBatch& batch, int i, const std::string& key, DataType dtype) {
  const data::Column* const column = batch.Find(key);
  const int64_t n = column == nullptr ? 0 : column->num_values(i);
  Tensor values(dtype, {n});
  const data::FeatureTensorOptions options = {.integers = data::IntegerPolicy::kSameType, .name_example = false};
  if (n > 0) RETURN_IF_ERROR(data::FillInput(column, i, 1, {key, dtype, {n}}, options, &values));
  return values;
}

// By value: its place in the dense row, -1 if it is cut off.
using Places = std::vector<int64_t>;

absl::StatusOr<Places> SparsePlaces(const FeatureSpec& spec, const data::ExampleBatch& batch, int i, int64_t n) {
  Places places(n, 0);
  for (size_t d = 0; d < spec.index_keys.size(); ++d) {
    const std::string& key = spec.index_keys[d];
    ASSIGN_OR_RETURN(const Tensor indices, ValuesOf(batch, i, key, DataType::kInt64));
    if (indices.num_elements() != n) {
      return absl::InvalidArgumentError(absl::StrCat("\"", spec.name, "\" has ", n, " values in \"", spec.value_key,
                                                     "\" and ", indices.num_elements(), " places in \"", key, "\""));
    }
    for (int64_t k = 0; k < n; ++k) {
      const int64_t index = indices.values<int64_t>()[k];
      if (index < 0 || index >= spec.shape[d]) {
        return absl::InvalidArgumentError(absl::StrCat("the place ", index, " in \"", key, "\" is outside of \"",
                                                       spec.name, "\", which is ", ShapeString(spec.shape)));
      }
      places[k] = places[k] * spec.shape[d] + index;
    }
  }
  return places;
}

absl::StatusOr<Places> RaggedPlaces(const FeatureSpec& spec, const data::ExampleBatch& batch, int i, int64_t n) {
  // From the inside outwards: into rows of which lengths the values, then the rows, are split.
  std::vector<std::vector<int64_t>> lengths(spec.row_length_keys.size());
  int64_t count = n;
  for (size_t d = lengths.size(); d-- > 0;) {
    const std::string& key = spec.row_length_keys[d];
    if (key.empty()) {
      const int64_t length = spec.shape[d + 1];
      if (count % length != 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("\"", spec.name, "\" has ", count, " values, which are no whole rows of ", length));
      }
      lengths[d].assign(count / length, length);
    } else {
      ASSIGN_OR_RETURN(const Tensor values, ValuesOf(batch, i, key, DataType::kInt64));
      lengths[d].assign(values.values<int64_t>().begin(), values.values<int64_t>().end());
      // Not their sum, which may overflow.
      int64_t left = count;
      for (const int64_t length : lengths[d]) left = length < 0 || length > left ? -1 : left - length;
      if (left != 0) {
        return absl::InvalidArgumentError(absl::StrCat("the lengths of rows in \"", key, "\" do not add up to the ",
                                                       count, " values of \"", spec.name, "\""));
      }
    }
    count = static_cast<int64_t>(lengths[d].size());
  }
  Places places(count);
  for (int64_t k = 0; k < count; ++k) places[k] = k < spec.shape[0] ? k : -1;
  for (size_t d = 0; d < lengths.size(); ++d) {
    const int64_t size = spec.shape[d + 1];
    Places inner;
    for (size_t row = 0; row < lengths[d].size(); ++row) {
      for (int64_t k = 0; k < lengths[d][row]; ++k)
        inner.push_back(places[row] < 0 || k >= size ? -1 : places[row] * size + k);
    }
    places = std::move(inner);
  }
  return places;
}

}  // namespace

absl::StatusOr<Tensor> CompositeRow(const FeatureSpec& spec, const data::ExampleBatch& batch, int i) {
  ASSIGN_OR_RETURN(const Tensor values, ValuesOf(batch, i, spec.value_key, spec.dtype));
  const int64_t n = values.num_elements();
  ASSIGN_OR_RETURN(const Places places,
                   spec.index_keys.empty() ? RaggedPlaces(spec, batch, i, n) : SparsePlaces(spec, batch, i, n));
  Tensor row(spec.dtype, spec.shape);
  const double fill = spec.default_value.value_or(0);
  const auto scatter = [&](const auto& from, auto&& to) {
    for (int64_t k = 0; k < n; ++k) {
      if (places[k] >= 0) to[places[k]] = from[k];
    }
  };
  if (spec.dtype == DataType::kString) {
    scatter(values.strings(), row.strings());
  } else if (spec.dtype == DataType::kFloat) {
    std::ranges::fill(row.values<float>(), static_cast<float>(fill));
    scatter(values.values<float>(), row.values<float>());
  } else {
    std::ranges::fill(row.values<int64_t>(), static_cast<int64_t>(fill));
    scatter(values.values<int64_t>(), row.values<int64_t>());
  }
  return row;
}

}  // namespace tfxm::nn

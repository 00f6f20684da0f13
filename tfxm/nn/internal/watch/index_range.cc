// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/internal/watch/index_range.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tfxm::nn {
namespace {

std::string Quoted(const Layer& layer) { return absl::StrCat(layer.type(), " \"", layer.name(), "\""); }

template <typename T>
absl::Status Check(const std::string& input, const IndexRange& range, const tensorflow::Tensor& indices,
                   const std::function<std::string(int64_t i)>& where) {
  const auto values = indices.flat<T>();
  // Embedding takes the whole part of a float; one that is no number is in no range.
  const auto in_range = [&](T value) { return value > T{-1} && value < static_cast<T>(range.input_dim); };
  const T* const end = values.data() + values.size();
  const T* const found = std::find_if_not(values.data(), end, in_range);
  if (found == end) return absl::OkStatus();
  const int64_t example = (found - values.data()) / (values.size() / indices.dim_size(0));
  return absl::InvalidArgumentError(absl::StrCat(where(example), ": ", *found, " of input \"", input,
                                                 "\" is out of range: ", range.layer, " with input_dim ",
                                                 range.input_dim, " takes 0 to ", range.input_dim - 1));
}

}  // namespace

std::map<std::string, IndexRange> IndexRanges(const Network& network) {
  std::map<std::string, IndexRange> ranges;
  for (const auto& node : network.nodes()) {
    const int64_t input_dim = node->layer->input_dim();
    if (input_dim == 0) continue;
    const auto& inputs = network.input_nodes();
    const auto input = std::find(inputs.begin(), inputs.end(), node->inputs[0].node().get());
    if (input == inputs.end()) continue;
    IndexRange& range = ranges[network.inputs()[static_cast<size_t>(input - inputs.begin())].name];
    if (range.input_dim == 0 || input_dim < range.input_dim) range = {Quoted(*node->layer), input_dim};
  }
  return ranges;
}

absl::Status CheckIndices(const std::string& input, const IndexRange& range, const tensorflow::Tensor& indices,
                          const std::function<std::string(int64_t i)>& where) {
  switch (indices.dtype()) {
    case tensorflow::DT_INT64: return Check<int64_t>(input, range, indices, where);
    case tensorflow::DT_INT32: return Check<int32_t>(input, range, indices, where);
    case tensorflow::DT_FLOAT: return Check<float>(input, range, indices, where);
    default: return absl::OkStatus();
  }
}

absl::Status ExplainIndexError(const absl::Status& status, const Network& network) {
  constexpr absl::string_view kOutOfRange = " is not in [0, ";
  if (!absl::StrContains(status.message(), kOutOfRange)) return status;
  std::vector<std::string> layers;
  for (const auto& layer : network.layers()) {
    const int64_t input_dim = layer->input_dim();
    if (input_dim > 0 && absl::StrContains(status.message(), absl::StrCat(kOutOfRange, input_dim, ")")))
      layers.push_back(Quoted(*layer));
  }
  if (layers.empty()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(status.message(), ": an index beyond the input_dim of ",
                                   absl::StrJoin(layers, " or "), "; enlarge it, or bring the numbers into its range"));
}

}  // namespace tfxm::nn

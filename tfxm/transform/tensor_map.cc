// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/tensor_map.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/transform/internal/trace.h"

namespace tfxm::transform {

const FeatureTensor& TensorMap::operator[](absl::string_view name) const {
  if (const auto it = map_.find(name); it != map_.end()) return it->second;
  std::vector<std::string> names;
  for (const auto& [key, tensor] : map_) names.push_back(absl::StrCat("\"", key, "\""));
  ops::Graph* graph = nullptr;
  for (const auto& [key, tensor] : map_) graph = tensor.values().graph();
  if (graph == nullptr && internal::Trace::Current() != nullptr) graph = internal::Trace::Current()->graph;
  if (graph != nullptr) {
    graph->SetError(absl::NotFoundError(absl::StrCat("there is no feature \"", name, "\"; there are ",
                                                     names.empty() ? "none" : absl::StrJoin(names, ", "))));
  }
  static thread_local FeatureTensor missing;
  missing = FeatureTensor(ops::Tensor(graph, -1, 0));
  return missing;
}

FeatureTensor& TensorMap::operator[](absl::string_view name) { return map_[std::string(name)]; }

size_t TensorMap::erase(absl::string_view name) { return map_.erase(std::string(name)); }

}  // namespace tfxm::transform

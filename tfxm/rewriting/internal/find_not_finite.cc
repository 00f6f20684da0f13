// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/find_not_finite.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "tflite_generated.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/litert/observe.h"
#include "tfxm/rewriting/internal/feed.h"

namespace tfxm::rewriting {

std::string FindNotFinite(const std::shared_ptr<const litert::ModelFile>& model, const std::string& signature,
                          const Sample& sample, bool made) {
  auto observed = litert::ObservedModel::Create(model, {.signature = signature}, {});
  if (!observed.ok() || !Feed((*observed)->model(), sample).ok()) return "";
  std::map<int, bool> finite;  // By tensor of the first subgraph
  const absl::Status run = (*observed)->Run([&](int k, const Shape&, std::span<const float> values) {
    const litert::ObservedTensor& tensor = (*observed)->tensors()[k];
    if (tensor.subgraph != 0) return;
    finite[tensor.tensor] = std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  });
  if (!run.ok()) return "";
  const schema::SubGraph& graph = *model->model().subgraphs()->Get(0);
  for (const auto* op : litert::Each(graph.operators())) {
    bool in = true, seen = false;
    for (int t : litert::Each(op->inputs())) {
      const auto it = finite.find(t);
      if (it == finite.end()) continue;
      seen = true;
      in = in && it->second;
    }
    for (int t : litert::Each(op->outputs())) {
      const auto it = finite.find(t);
      if (it == finite.end() || !seen || in == it->second || in != made) continue;
      return absl::StrCat(litert::OpName(model->model(), *op), " \"", graph.tensors()->Get(t)->name()->str(), "\"");
    }
  }
  return "";
}

}  // namespace tfxm::rewriting

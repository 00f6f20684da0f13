// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/loop_ranges.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_util.h"

namespace tfxm::rewriting {

void JoinLoopRanges(const schema::Model& model, Ranges* ranges) {
  for (int g = 0; g < litert::Size(model.subgraphs()); ++g) {
    for (const auto* op : litert::Each(model.subgraphs()->Get(g)->operators())) {
      const auto* loop = op->builtin_options_as_WhileOptions();
      if (loop == nullptr) continue;
      const int condition = loop->cond_subgraph_index(), body = loop->body_subgraph_index();
      const schema::SubGraph &before = *model.subgraphs()->Get(condition), &inside = *model.subgraphs()->Get(body);
      for (int i = 0; i < litert::Size(op->inputs()); ++i) {
        const std::vector<std::pair<int, int>> places = {{g, op->inputs()->Get(i)},
                                                         {g, op->outputs()->Get(i)},
                                                         {condition, before.inputs()->Get(i)},
                                                         {body, inside.inputs()->Get(i)},
                                                         {body, inside.outputs()->Get(i)}};
        std::optional<Range> all;
        for (const auto& place : places) {
          const auto it = ranges->find(place);
          if (it == ranges->end()) continue;
          all = all ? Range{std::min(all->min, it->second.min), std::max(all->max, it->second.max)} : it->second;
        }
        for (const auto& place : places) {
          if (const auto it = ranges->find(place); it != ranges->end()) it->second = *all;
        }
      }
    }
  }
}

}  // namespace tfxm::rewriting

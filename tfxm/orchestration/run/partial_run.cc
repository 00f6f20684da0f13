// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/run/partial_run.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using Marks = std::vector<bool>;

absl::StatusOr<Marks> Mark(const std::vector<OrderedNode>& nodes, const char* flag,
                           const std::vector<std::string>& names) {
  Marks marks(nodes.size(), names.empty());
  for (const std::string& name : names) {
    const auto it = std::find_if(nodes.begin(), nodes.end(), [&](const auto& node) { return node.spec->id == name; });
    if (it == nodes.end()) {
      std::vector<std::string> ids;
      for (const OrderedNode& node : nodes) ids.push_back(node.spec->id);
      const std::string near = NearestNames(name, ids);
      return UsageError(absl::StrCat(
          flag, ": the pipeline has no node \"", name, "\"",
          near.empty() ? absl::StrCat("; it has ", absl::StrJoin(ids, ", ")) : absl::StrCat("; did you mean ", near)));
    }
    marks[it - nodes.begin()] = true;
  }
  return marks;
}

}  // namespace

absl::StatusOr<PartialRun> SelectNodes(std::vector<OrderedNode> nodes, const std::vector<std::string>& from_nodes,
                                       const std::vector<std::string>& to_nodes) {
  if (from_nodes.empty() && to_nodes.empty()) return PartialRun{std::move(nodes), {}};
  ASSIGN_OR_RETURN(Marks after, Mark(nodes, "from_nodes", from_nodes));
  ASSIGN_OR_RETURN(Marks before, Mark(nodes, "to_nodes", to_nodes));
  const int n = static_cast<int>(nodes.size());
  for (int i = 0; i < n; ++i) {
    for (const int up : nodes[i].upstream) after[i] = after[i] || after[up];
  }
  for (int i = n - 1; i >= 0; --i) {
    for (const int down : nodes[i].downstream) before[i] = before[i] || before[down];
  }
  Marks runs(n), needed(n);
  for (int i = 0; i < n; ++i) runs[i] = after[i] && before[i];
  for (int i = 0; i < n; ++i) {
    for (const int up : nodes[i].upstream) needed[up] = needed[up] || (runs[i] && !runs[up]);
  }
  PartialRun partial;
  std::vector<int> place(n, -1);
  for (int i = 0; i < n; ++i) {
    if (!runs[i] && !needed[i]) continue;
    place[i] = static_cast<int>(partial.nodes.size());
    partial.nodes.push_back({.spec = nodes[i].spec});
    if (!runs[i]) partial.left_out.insert(nodes[i].spec->id);
  }
  if (partial.left_out.size() == partial.nodes.size()) {
    return UsageError(absl::StrCat("no node comes after ", absl::StrJoin(from_nodes, ", "), " (from_nodes) and before ",
                                   absl::StrJoin(to_nodes, ", "), " (to_nodes)"));
  }
  for (int i = 0; i < n; ++i) {
    if (!runs[i]) continue;
    for (const int up : nodes[i].upstream) {  // All of them are there.
      partial.nodes[place[i]].upstream.push_back(place[up]);
      partial.nodes[place[up]].downstream.push_back(place[i]);
    }
  }
  return partial;
}

}  // namespace tfxm

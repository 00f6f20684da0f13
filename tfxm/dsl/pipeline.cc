// SPDX-License-Identifier: Apache-2.0

#include "tfxm/dsl/pipeline.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

template <typename Map>
std::string Keys(const Map& map) {
  return absl::StrJoin(map, ", ",
                       [](std::string* out, const auto& entry) { absl::StrAppend(out, "\"", entry.first, "\""); });
}

absl::Status CheckId(const std::string& id) {
  // Ids are folder names below pipeline_root.
  if (id.empty() || id.find('/') != std::string::npos || id.front() == '.') {
    return Invalid("\"", id, "\" cannot be the id of a node: it names a folder, so no \"/\" and no \".\" in front");
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const NodeExecutionOptions& options) {
  constexpr int kMostRetries = 1000;
  constexpr int64_t kMostSeconds = 1'000'000'000;
  if (options.max_execution_retries < 0 || options.max_execution_retries > kMostRetries) {
    return Invalid("max_execution_retries is ", options.max_execution_retries, "; expected 0 to ", kMostRetries);
  }
  if (options.execution_timeout_sec < 0 || options.execution_timeout_sec > kMostSeconds) {
    return Invalid("execution_timeout_sec is ", options.execution_timeout_sec, "; expected 0 to ", kMostSeconds);
  }
  return absl::OkStatus();
}

absl::Status CheckChannel(const NodeSpec& node, const std::string& key, const InputSpec& input, const Channel& channel,
                          const std::map<const NodeSpec*, int>& index) {
  const std::string where = absl::StrCat("node ", node.id, ", input \"", key, "\": ");
  if (channel.producer() == nullptr) {
    if (node.kind == NodeKind::kResolver) return absl::OkStatus();
    return Invalid(where, "a channel without a producer (Channel(type)) is for a Resolver; use outputs() of a node");
  }
  const NodeSpec& producer = *channel.producer();
  if (index.find(&producer) == index.end()) {
    return Invalid(where, "comes from node ", producer.id, ", which is not in the pipeline; add it to components");
  }
  if (producer.outputs.find(channel.output_key()) == producer.outputs.end()) {
    return Invalid(where, "node ", producer.id, " has no output \"", channel.output_key(), "\"; it has ",
                   producer.outputs.empty() ? "none" : Keys(producer.outputs));
  }
  if (!input.type_name.empty() && input.type_name != channel.type().name) {
    return Invalid(where, "expected artifacts of type ", input.type_name, ", output \"", channel.output_key(), "\" of ",
                   producer.id, " has type ", channel.type().name);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::set<int>>> FindUpstream(const std::vector<const NodeSpec*>& nodes) {
  std::map<const NodeSpec*, int> index;
  for (const NodeSpec* node : nodes) index.emplace(node, index.size());
  std::vector<std::set<int>> upstream(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    const NodeSpec& node = *nodes[i];
    for (const auto& [key, input] : node.inputs) {
      if (input.channels.empty()) {
        return Invalid("node ", node.id, ": required input \"", key, "\" is not connected",
                       input.type_name.empty() ? "" : absl::StrCat("; give it a channel of type ", input.type_name));
      }
      for (const Channel& channel : input.channels) {
        RETURN_IF_ERROR(CheckChannel(node, key, input, channel, index));
        if (channel.producer() != nullptr) upstream[i].insert(index.at(channel.producer()));
      }
    }
    for (const auto& weak : node.upstream) {
      const auto it = index.find(weak.lock().get());
      if (it == index.end())
        return Invalid("node ", node.id, ": an upstream node is not in the pipeline; add it to components");
      upstream[i].insert(it->second);
    }
  }
  return upstream;
}

}  // namespace

absl::StatusOr<std::vector<OrderedNode>> OrderNodes(const Pipeline& pipeline) {
  if (pipeline.pipeline_name.empty()) return Invalid("a pipeline needs a pipeline_name");
  const std::string where = absl::StrCat("pipeline ", pipeline.pipeline_name, ": ");
  if (pipeline.pipeline_root.empty()) return Invalid(where, "pipeline_root is not set");
  if (pipeline.metadata_path.empty()) return Invalid(where, "metadata_path is not set");
  if (pipeline.components.empty()) return Invalid(where, "it has no components");

  std::vector<const NodeSpec*> nodes;
  std::map<std::string, const NodeSpec*> by_id;
  for (const Node& node : pipeline.components) {
    const NodeSpec* spec = &node.spec();
    RETURN_IF_ERROR(Annotate(CheckId(spec->id), where));
    RETURN_IF_ERROR(Annotate(CheckOptions(spec->execution_options), where));
    const auto [it, is_new] = by_id.emplace(spec->id, spec);
    if (!is_new && it->second == spec) continue;  // Listed twice: the same node.
    if (!is_new)
      return Invalid(where, "two nodes have the id ", spec->id, "; give one another with .with_id(\"", spec->id,
                     ".x\")");
    nodes.push_back(spec);
  }
  ASSIGN_OR_RETURN(const std::vector<std::set<int>> upstream, FindUpstream(nodes));

  // Kahn's algorithm by layers.
  std::vector<OrderedNode> ordered;
  std::vector<int> position(nodes.size(), -1);
  while (ordered.size() < nodes.size()) {
    std::vector<int> layer;
    for (size_t i = 0; i < nodes.size(); ++i) {
      const bool ready = position[i] < 0 &&
                         std::all_of(upstream[i].begin(), upstream[i].end(), [&](int u) { return position[u] >= 0; });
      if (ready) layer.push_back(i);
    }
    if (layer.empty()) {
      std::vector<std::string> left;
      for (size_t i = 0; i < nodes.size(); ++i) {
        if (position[i] < 0) left.push_back(nodes[i]->id);
      }
      return Invalid(where, "these nodes wait for each other in a cycle: ", absl::StrJoin(left, ", "));
    }
    for (int i : layer) {
      position[i] = static_cast<int>(ordered.size());
      OrderedNode& node = ordered.emplace_back();
      node.spec = nodes[i];
      for (int u : upstream[i]) node.upstream.push_back(position[u]);
      std::sort(node.upstream.begin(), node.upstream.end());
    }
  }
  for (size_t i = 0; i < ordered.size(); ++i) {
    for (int u : ordered[i].upstream) ordered[u].downstream.push_back(static_cast<int>(i));
  }
  return ordered;
}

}  // namespace tfxm

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/dsl/node.h"

namespace tfxm {

std::string Channel::producer_id() const { return producer_ != nullptr ? producer_->id : producer_component_id_; }

Node::Node(NodeSpec spec) : spec_(std::make_shared<NodeSpec>(std::move(spec))) {
  if (spec_->id.empty()) spec_->id = spec_->type_name.substr(spec_->type_name.rfind('.') + 1);
  for (auto& [key, input] : spec_->inputs) std::erase_if(input.channels, [](const Channel& c) { return !c; });
  // An optional input that is not connected does not exist, as in TFX.
  std::erase_if(spec_->inputs,
                [](const auto& entry) { return entry.second.optional && entry.second.channels.empty(); });
}

Node Node::with_id(absl::string_view id) const {
  spec_->id = std::string(id);
  return *this;
}

Node Node::with_enable_cache(bool enable_cache) const {
  spec_->enable_cache = enable_cache;
  return *this;
}

Node Node::with_node_execution_options(const NodeExecutionOptions& options) const {
  spec_->execution_options = options;
  return *this;
}

Node Node::with_plugin(absl::string_view plugin) const {
  spec_->plugin = std::string(plugin);
  return *this;
}
Node Node::with_executor(absl::string_view executor) const {
  spec_->executor = std::string(executor);
  return *this;
}

Node Node::with_exec_property(absl::string_view name, const PropertyValue& value) const {
  spec_->exec_properties[std::string(name)] = value;
  return *this;
}

void Node::add_upstream_node(const Node& node) const { spec_->upstream.push_back(node.spec_); }

Channel Node::outputs(absl::string_view key) const {
  const auto it = spec_->outputs.find(std::string(key));
  return Channel(spec_, it == spec_->outputs.end() ? ArtifactType() : it->second.type, key);
}

}  // namespace tfxm

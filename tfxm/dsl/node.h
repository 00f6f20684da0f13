// SPDX-License-Identifier: Apache-2.0

// Node and Channel: a pipeline is a graph of nodes, and a channel is what one of them puts out and others take in.
//
// The components of components.h are functions that return a Node. A custom component is another such function:
//
//   Node Tokenizer(const Channel& examples, int64_t vocabulary_size) {
//     return Node({.type_name = "my.Tokenizer",
//                  .executor = "my.TokenizerExecutor",     // In the ExecutorRegistry of tfxm/components/executor.h.
//                  .inputs = {{"examples", {{examples}}}},
//                  .outputs = {{"tokenizer", {kTokenizer}}},
//                  .exec_properties = {{"vocabulary_size", vocabulary_size}}});
//   }
//   auto tokenizer = Tokenizer(example_gen.outputs("examples"), 1000).with_id("Tokenizer.words");
//
// Nothing is checked until the pipeline is: pipeline.h.
#ifndef TFXM_DSL_NODE_H_
#define TFXM_DSL_NODE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tfxm/dsl/artifact_types.h"
#include "tfxm/metadata/artifact.h"

namespace tfx::orchestration {
class PlaceholderExpression;
}

namespace tfxm {

struct NodeSpec;

// Artifacts that a node will put out under a key; or, for a Resolver to choose from, all artifacts of a type that
// former runs of the pipeline have made, maybe only those of one node. A default Channel is one that is not connected.
//
// A Resolver that is given a node's own outputs() looks at what that node made in former runs and, because it then runs
// after the node, in this one.
class Channel {
 public:
  Channel() = default;
  explicit Channel(ArtifactType type) : type_(std::move(type)) {}
  // As TFX's Channel(type=…, producer_component_id=…): the node is named, not waited for.
  Channel(ArtifactType type, absl::string_view producer_component_id)
      : type_(std::move(type)), producer_component_id_(producer_component_id) {}
  Channel(std::shared_ptr<const NodeSpec> producer, ArtifactType type, absl::string_view output_key)
      : producer_(std::move(producer)), type_(std::move(type)), output_key_(output_key) {}

  explicit operator bool() const { return producer_ != nullptr || !type_.name.empty(); }
  const NodeSpec* producer() const { return producer_.get(); }
  const ArtifactType& type() const { return type_; }
  const std::string& output_key() const { return output_key_; }
  // The id of the node whose artifacts these are; empty if any node's are.
  std::string producer_id() const;

 private:
  std::shared_ptr<const NodeSpec> producer_;
  ArtifactType type_;
  std::string output_key_, producer_component_id_;
};

struct InputSpec {
  std::vector<Channel> channels;  // Usually one. Those that are not connected are left out.
  bool optional = false;          // If not, the node needs at least one artifact here.
  std::string type_name;          // If given, the type of artifact that a channel must have.
};

struct OutputSpec {
  ArtifactType type;
  // Set on every artifact before the executor runs.
  Properties properties = {};
  Properties custom_properties = {};
};

enum class NodeKind {
  kComponent,  // Runs an executor.
  kResolver,   // Puts out artifacts of former runs, chosen by the strategy in exec_properties["strategy_class"].
  kImporter,   // Puts out an artifact made from a uri that is there already.
};

// As tfx.dsl.experimental.node_execution_options': for a component whose executor may fail by bad luck, or never end.
struct NodeExecutionOptions {
  int max_execution_retries = 0;      // How often a failed executor is started again; each time is an execution.
  int64_t execution_timeout_sec = 0;  // An executor that takes longer is ended, and has failed; 0: it may take forever.
};

struct NodeSpec {
  std::string id = "";         // Unique in the pipeline. Empty: the last part of type_name.
  std::string type_name = "";  // The execution type in ML Metadata: "tfx.components.trainer.component.Trainer".
  std::string base_type = "";  // Its base type: "TRAIN", "TRANSFORM", "PROCESS", "EVALUATE", "DEPLOY", or nothing.
  NodeKind kind = NodeKind::kComponent;
  std::string executor = "";  // The name in the ExecutorRegistry, and in the DriverRegistry if it has a driver.
  std::string plugin = "";    // The library that registers the executor (util/plugin.h); empty: the program has it.
  std::map<std::string, InputSpec> inputs = {};
  std::map<std::string, OutputSpec> outputs = {};
  Properties exec_properties = {};
  // The exec properties that a run may be given, and the names it knows them by; exec_properties has the values.
  std::map<std::string, std::string> runtime_parameters = {};
  std::optional<bool> enable_cache = std::nullopt;  // Unset: as the pipeline.
  NodeExecutionOptions execution_options = {};
  // By id; it runs only if all of them hold (condition.h).
  std::map<std::string, std::shared_ptr<const tfx::orchestration::PlaceholderExpression>> conditions = {};
  // What TFX's own runner would give Beam for it, less what only it would know (placeholders). What becomes of it:
  // distribution::WithBeamArgs.
  std::vector<std::string> beam_pipeline_args = {};
  // For the pipeline's IR only: what TFX's own runner would run.
  bool beam_executor = false;
  std::string driver = "";
  // The file that an executor written in Python is in, where an IR names one.
  std::string executor_file = "";
  // Of such an executor: the parameters that are bools, lists or dicts, written as JSON.
  std::vector<std::string> json_parameters = {};
  std::vector<std::weak_ptr<const NodeSpec>> upstream = {};  // Beyond those that the inputs make.
};

// A handle: copies are the same node.
class Node {
 public:
  explicit Node(NodeSpec spec);

  // TFX's builder calls; each changes the node and returns it.
  Node with_id(absl::string_view id) const;
  Node with_enable_cache(bool enable_cache) const;
  // At most 1,000 retries and 10^9 seconds: OrderNodes.
  Node with_node_execution_options(const NodeExecutionOptions& options) const;
  Node with_plugin(absl::string_view plugin) const;
  Node with_executor(absl::string_view executor) const;
  Node with_exec_property(absl::string_view name, const PropertyValue& value) const;
  // To run after `node` although it takes nothing from it.
  void add_upstream_node(const Node& node) const;

  const std::string& id() const { return spec_->id; }
  // A channel to what the node puts out under `key`. That there is such an output is checked with the pipeline.
  Channel outputs(absl::string_view key) const;
  const NodeSpec& spec() const { return *spec_; }

 private:
  std::shared_ptr<NodeSpec> spec_;
};

}  // namespace tfxm

#endif  // TFXM_DSL_NODE_H_

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/dsl/ir_loader.h"

#include <algorithm>
#include <climits>
#include <map>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "ml_metadata/proto/metadata_store.pb.h"
#include "tfx/proto/orchestration/executable_spec.pb.h"
#include "tfxm/dsl/components.h"
#include "tfxm/dsl/condition.h"
#include "tfxm/dsl/json.h"
#include "tfxm/metadata/postgresql.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

namespace ir = ::tfx::orchestration;

// Of tfxm's own compiler (python/tfxm/dsl/compiler.py): TFX pickles a @component, tfxm loads its file.
constexpr char kExecutorFileFlag[] = "--tfxm_executor_file=";
constexpr char kResolverType[] = "tfx.dsl.components.common.resolver.Resolver";
constexpr char kImporterType[] = "tfx.dsl.components.common.importer.Importer";

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}
template <typename... Parts>
absl::Status Unimplemented(const Parts&... parts) {
  return absl::UnimplementedError(absl::StrCat(parts..., "; tfxm does not run that"));
}

absl::StatusOr<PropertyValue> RuntimeValue(const ir::RuntimeParameter& parameter, RuntimeParameterValue value) {
  const ml_metadata::Value& otherwise = parameter.default_value();
  const bool is_int = parameter.type() == ir::RuntimeParameter::INT;
  const bool is_double = parameter.type() == ir::RuntimeParameter::DOUBLE;
  std::string text;
  if (parameter.has_default_value()) {
    text = is_int      ? absl::StrCat(otherwise.int_value())
           : is_double ? absl::StrCat(otherwise.double_value())
                       : otherwise.string_value();
  }
  text = value(parameter.name(), text);
  if (text.empty() && !parameter.has_default_value()) {
    return Invalid("runtime parameter \"", parameter.name(), "\" has no value and no default; give it: --",
                   parameter.name(), "=VALUE");
  }
  if (int64_t number; is_int && absl::SimpleAtoi(text, &number)) return PropertyValue(number);
  if (double number; is_double && absl::SimpleAtod(text, &number)) return PropertyValue(number);
  if (is_int || is_double) {
    return Invalid("--", parameter.name(), "=", text, ": expected a ", is_int ? "whole number" : "number");
  }
  return PropertyValue(text);
}

// A message, which TFX puts into its intermediate representation as such; here it is its JSON.
absl::StatusOr<PropertyValue> MessageValue(const google::protobuf::Any& any) {
  const std::string name = any.type_url().substr(any.type_url().rfind('/') + 1);
  const auto* const type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  if (type == nullptr) return Unimplemented(absl::StrCat("it is a message of the unknown type ", name));
  const std::unique_ptr<google::protobuf::Message> message(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  if (!message->ParseFromString(any.value())) return Invalid("it is not a message of type ", name);
  return PropertyValue(ToTfxJson(*message));
}

absl::StatusOr<PropertyValue> ToProperty(const ir::Value& in, RuntimeParameterValue value) {
  if (in.has_runtime_parameter()) return RuntimeValue(in.runtime_parameter(), value);
  if (!in.has_field_value()) return Unimplemented("it is computed when the node runs (a placeholder)");
  switch (in.field_value().value_case()) {
    case ml_metadata::Value::kIntValue: return PropertyValue(in.field_value().int_value());
    case ml_metadata::Value::kDoubleValue: return PropertyValue(in.field_value().double_value());
    case ml_metadata::Value::kStringValue: return PropertyValue(in.field_value().string_value());
    case ml_metadata::Value::kBoolValue: return PropertyValue(int64_t{in.field_value().bool_value()});
    case ml_metadata::Value::kProtoValue: return MessageValue(in.field_value().proto_value());
    default: return Unimplemented("it is neither a number nor a string");
  }
}

template <typename Map>
absl::StatusOr<Properties> ToProperties(const Map& values, RuntimeParameterValue value) {
  Properties properties;
  for (const auto& [name, in] : values) {
    auto property = ToProperty(in, value);
    if (!property.ok()) return Annotate(property.status(), absl::StrCat("parameter \"", name, "\""));
    properties[name] = *std::move(property);
  }
  return properties;
}

ArtifactType ToType(const ml_metadata::ArtifactType& in) {
  ArtifactType type{.name = in.name()};
  if (in.base_type() != ml_metadata::ArtifactType::UNSET) {
    type.base_type = ml_metadata::ArtifactType::SystemDefinedBaseType_Name(in.base_type());
  }
  for (const auto& [name, kind] : in.properties()) {
    type.properties[name] = kind == ml_metadata::INT      ? PropertyType::kInt
                            : kind == ml_metadata::DOUBLE ? PropertyType::kDouble
                                                          : PropertyType::kString;
  }
  return type;
}

// The nodes of one IR, made in its order, which is that of their dependencies.
class Loader {
 public:
  Loader(const ir::Pipeline& pipeline, RuntimeParameterValue value) : ir_(pipeline), value_(value) {}

  absl::StatusOr<Pipeline> Load() {
    Pipeline pipeline{.pipeline_name = ir_.pipeline_info().id()};
    const std::string where = absl::StrCat("pipeline ", pipeline.pipeline_name);
    if (pipeline.pipeline_name.empty()) return Invalid("the pipeline has no name (pipeline_info.id)");
    if (ir_.execution_mode() == ir::Pipeline::ASYNC) return Unimplemented(where, ": its execution_mode is ASYNC");
    if (ir_.nodes().empty()) return Invalid(where, " has no nodes");
    RETURN_IF_ERROR(Annotate(ReadDeployment(&pipeline), where));
    auto root = ToProperty(ir_.runtime_spec().pipeline_root(), value_);
    if (!root.ok()) return Annotate(root.status(), absl::StrCat(where, ", pipeline_root"));
    if (const auto* path = std::get_if<std::string>(&*root); path != nullptr && !path->empty()) {
      pipeline.pipeline_root = absl::StrContains(*path, "://") ? *path : io::AbsolutePath(*path);
    }
    for (const auto& entry : ir_.nodes()) {
      if (entry.has_sub_pipeline()) {
        return Unimplemented(where, ": ", entry.sub_pipeline().pipeline_info().id(), " is a pipeline within it");
      }
      const ir::PipelineNode& node = entry.pipeline_node();
      const std::string& id = node.node_info().id();
      RETURN_IF_ERROR(Annotate(AddNode(node), absl::StrCat("node ", id)));
      pipeline.components.push_back(nodes_.at(id));
    }
    return pipeline;
  }

 private:
  absl::Status ReadDeployment(Pipeline* pipeline) {
    if (!ir_.deployment_config().UnpackTo(&deployment_)) {
      return Invalid("expected an IntermediateDeploymentConfig as deployment_config, found ",
                     ir_.deployment_config().type_url());
    }
    ml_metadata::ConnectionConfig connection;
    if (!deployment_.metadata_connection_config().UnpackTo(&connection)) {
      return Invalid(
          "it names no metadata store; give the pipeline a metadata_connection_config of an SQLite file or a PostgreSQL server");
    }
    if (connection.has_postgresql()) {
      ASSIGN_OR_RETURN(pipeline->metadata_path, postgresql::ToUri(connection.postgresql()));
      return absl::OkStatus();
    }
    if (!connection.has_sqlite()) {
      return Unimplemented("its metadata store is neither an SQLite file nor on a PostgreSQL server");
    }
    const absl::string_view path = absl::StripPrefix(connection.sqlite().filename_uri(), "file://");
    if (path.empty()) return Invalid("its metadata store, an SQLite file, has no path");
    pipeline->metadata_path = io::AbsolutePath(path);
    return absl::OkStatus();
  }

  absl::Status SetExecutor(NodeSpec* spec) {
    const auto unpack = [](const google::protobuf::Any& any, ir::executable_spec::PythonClassExecutableSpec* python) {
      ir::executable_spec::BeamExecutableSpec beam;
      if (any.UnpackTo(&beam)) *python = beam.python_executor_spec();
      return any.UnpackTo(python) || any.Is<ir::executable_spec::BeamExecutableSpec>();
    };
    const auto executor = deployment_.executor_specs().find(spec->id);
    if (executor == deployment_.executor_specs().end()) return Invalid("it has no executor (executor_specs)");
    ir::executable_spec::PythonClassExecutableSpec python;
    if (!unpack(executor->second, &python)) {
      return Unimplemented("its executor is a ",
                           executor->second.type_url().substr(executor->second.type_url().rfind('.') + 1));
    }
    spec->executor = python.class_path();
    for (const absl::string_view flag : python.extra_flags()) {
      absl::string_view file = flag;
      if (absl::ConsumePrefix(&file, kExecutorFileFlag)) spec->executor_file = std::string(file);
    }
    ir::executable_spec::BeamExecutableSpec beam;
    spec->beam_executor = executor->second.UnpackTo(&beam);
    for (const auto& arg : beam.beam_pipeline_args_placeholders()) {
      if (arg.has_value()) spec->beam_pipeline_args.push_back(arg.value().string_value());
    }
    spec->plugin = PluginOfExecutor(spec->executor);
    const auto driver = deployment_.custom_driver_specs().find(spec->id);
    if (driver != deployment_.custom_driver_specs().end() && unpack(driver->second, &python)) {
      spec->driver = python.class_path();
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Channel> ToChannel(const ir::InputSpec::Channel& in) {
    const ArtifactType type = ToType(in.artifact_query().type());
    const std::string prefix = absl::StrCat(ir_.pipeline_info().id(), ".");
    bool same_run = false;
    std::string producer = in.producer_node_query().id();
    for (const auto& query : in.context_queries()) {
      same_run |= query.type().name() == "pipeline_run";
      const std::string& name = query.name().field_value().string_value();
      if (query.type().name() == "pipeline" && absl::StrCat(name, ".") != prefix) {
        return Unimplemented("comes from another pipeline, ", name);
      }
      if (query.type().name() == "node" && producer.empty()) producer = std::string(absl::StripPrefix(name, prefix));
    }
    if (!same_run) return producer.empty() ? Channel(type) : Channel(type, producer);
    const auto it = nodes_.find(producer);
    if (it == nodes_.end()) return Invalid("comes from node ", producer, ", which does not come before it");
    return it->second.outputs(in.output_key());
  }

  absl::StatusOr<std::vector<Channel>> ToChannels(const ir::InputSpec& input) {
    if (input.has_mixed_inputs()) return Unimplemented("is a union of several channels");
    if (input.has_static_inputs()) return Unimplemented("is artifacts given by their ids");
    if (input.has_input_graph_ref()) return Unimplemented("is what a resolver function computes");
    std::vector<Channel> channels;
    for (const auto& in : input.channels()) {
      ASSIGN_OR_RETURN(Channel channel, ToChannel(in));
      channels.push_back(std::move(channel));
    }
    return channels;
  }

  absl::Status SetInputs(const ir::NodeInputs& inputs, NodeSpec* spec) {
    for (const auto& [key, input] : inputs.inputs()) {
      if (input.hidden()) return Unimplemented("input \"", key, "\" is hidden, for a condition or a resolver function");
      auto channels = ToChannels(input);
      if (!channels.ok()) return Annotate(channels.status(), absl::StrCat("input \"", key, "\""));
      const std::string type = channels->empty() ? "" : (*channels)[0].type().name;
      spec->inputs[key] = {.channels = *std::move(channels), .optional = input.min_count() == 0, .type_name = type};
    }
    return absl::OkStatus();
  }

  // TFX since 1.9: each input is the result of a graph with one operation, the strategy, whose argument is a dict of
  // hidden inputs. What tfxm compiles has channels, and the strategy as a parameter.
  absl::Status SetResolver(const ir::PipelineNode& node, NodeSpec* spec) {
    spec->kind = NodeKind::kResolver;
    const ir::NodeInputs& inputs = node.inputs();
    for (const auto& [key, input] : inputs.inputs()) {
      if (input.hidden()) continue;
      const ir::InputSpec* source = &input;
      if (input.has_input_graph_ref()) {
        ASSIGN_OR_RETURN(source, ResolverSource(inputs, input.input_graph_ref(), spec));
      }
      auto channels = ToChannels(*source);
      if (!channels.ok()) return Annotate(channels.status(), absl::StrCat("input \"", key, "\""));
      if (channels->empty()) return Invalid("input \"", key, "\" has no channel");
      const ArtifactType type = (*channels)[0].type();
      spec->inputs[key] = {.channels = *std::move(channels), .optional = true, .type_name = type.name};
      spec->outputs[key] = {type};
    }
    if (spec->exec_properties.count("strategy_class") == 0) return Unimplemented("a Resolver without a strategy");
    return absl::OkStatus();
  }

  absl::StatusOr<const ir::InputSpec*> ResolverSource(const ir::NodeInputs& inputs,
                                                      const ir::InputSpec::InputGraphRef& ref, NodeSpec* spec) {
    const auto find = [](const auto& map, const std::string& key) {
      const auto it = map.find(key);
      return it == map.end() ? nullptr : &it->second;
    };
    const auto* graph = find(inputs.input_graphs(), ref.graph_id());
    const auto* result = graph == nullptr ? nullptr : find(graph->nodes(), graph->result_node());
    if (result == nullptr || !result->has_op_node() || result->op_node().args_size() != 1) {
      return Unimplemented("its graph of inputs is not one strategy");
    }
    const auto* argument = find(graph->nodes(), result->op_node().args(0).node_id());
    if (argument != nullptr && argument->has_dict_node()) {
      const std::string* id = find(argument->dict_node().node_ids(), ref.key());
      argument = id == nullptr ? nullptr : find(graph->nodes(), *id);
    }
    const auto* source = argument == nullptr || !argument->has_input_node()
                             ? nullptr
                             : find(inputs.inputs(), argument->input_node().input_key());
    if (source == nullptr) return Unimplemented("its graph of inputs is more than one strategy");
    spec->exec_properties["strategy_class"] = result->op_node().op_type();
    for (const auto& [name, config] : result->op_node().kwargs()) {
      auto property = ToProperty(config.value(), value_);
      if (!property.ok()) return Annotate(property.status(), absl::StrCat("strategy's ", name));
      spec->exec_properties[name] = *std::move(property);
    }
    return source;
  }

  absl::Status SetConditions(const ir::NodeInputs& inputs, NodeSpec* spec) {
    for (const auto& [id, condition] : inputs.conditionals()) {
      if (spec->kind == NodeKind::kResolver) return Unimplemented("a Resolver that runs on a condition (dsl.Cond)");
      RETURN_IF_ERROR(CheckCondition(condition.placeholder_expression()));
      spec->conditions[id] = std::make_shared<const ir::PlaceholderExpression>(condition.placeholder_expression());
    }
    return absl::OkStatus();
  }

  absl::Status SetOutputs(const ir::NodeOutputs& outputs, NodeSpec* spec) {
    for (const auto& [key, output] : outputs.outputs()) {
      OutputSpec& out = spec->outputs[key];
      out.type = ToType(output.artifact_spec().type());
      ASSIGN_OR_RETURN(out.properties, ToProperties(output.artifact_spec().additional_properties(), value_));
      ASSIGN_OR_RETURN(out.custom_properties,
                       ToProperties(output.artifact_spec().additional_custom_properties(), value_));
    }
    return absl::OkStatus();
  }

  absl::Status CheckImporter(const NodeSpec& spec) {
    const auto is = [&](const char* name, auto value) {
      const auto it = spec.exec_properties.find(name);
      return it != spec.exec_properties.end() && std::holds_alternative<decltype(value)>(it->second);
    };
    if (is("artifact_uri", std::string()) && is("reimport", int64_t{0}) && spec.outputs.size() == 1)
      return absl::OkStatus();
    return Invalid("an Importer has the parameters artifact_uri, a string, and reimport, a number, and one output");
  }

  absl::Status CheckOptions(const ir::PipelineNode& node) {
    const ir::NodeExecutionOptions& options = node.execution_options();
    if (options.has_skip()) return Unimplemented("a partial run skips it");
    if (options.node_success_optional()) return Unimplemented("it may fail (node_success_optional)");
    if (options.strategy() > ir::NodeExecutionOptions::ALL_UPSTREAM_NODES_SUCCEEDED) {
      return Unimplemented("it has the trigger strategy ",
                           ir::NodeExecutionOptions::TriggerStrategy_Name(options.strategy()));
    }
    return absl::OkStatus();
  }

  absl::Status AddNode(const ir::PipelineNode& node) {
    NodeSpec spec{.id = node.node_info().id(), .type_name = node.node_info().type().name()};
    if (spec.id.empty()) return Invalid("it has no id");
    if (nodes_.count(spec.id) > 0) return Invalid("it is there twice");
    const auto base_type = node.node_info().type().base_type();
    if (base_type != ml_metadata::ExecutionType::UNSET) {
      spec.base_type = ml_metadata::ExecutionType::SystemDefinedBaseType_Name(base_type);
    }
    RETURN_IF_ERROR(CheckOptions(node));
    ASSIGN_OR_RETURN(spec.exec_properties, ToProperties(node.parameters().parameters(), value_));
    for (const auto& [name, value] : node.parameters().parameters()) {
      if (value.has_runtime_parameter()) spec.runtime_parameters[name] = value.runtime_parameter().name();
      const auto& type = value.schema().value_type();
      if (type.has_boolean_type() || type.has_list_type() || type.has_dict_type()) spec.json_parameters.push_back(name);
    }
    std::sort(spec.json_parameters.begin(), spec.json_parameters.end());
    if (spec.type_name == kResolverType) {
      RETURN_IF_ERROR(SetResolver(node, &spec));
    } else {
      spec.kind = spec.type_name == kImporterType ? NodeKind::kImporter : NodeKind::kComponent;
      if (spec.kind == NodeKind::kComponent) RETURN_IF_ERROR(SetExecutor(&spec));
      RETURN_IF_ERROR(SetInputs(node.inputs(), &spec));
      RETURN_IF_ERROR(SetOutputs(node.outputs(), &spec));
      if (spec.kind == NodeKind::kImporter) RETURN_IF_ERROR(CheckImporter(spec));
    }
    RETURN_IF_ERROR(SetConditions(node.inputs(), &spec));
    spec.enable_cache = node.execution_options().caching_options().enable_cache();
    spec.execution_options = {.max_execution_retries = static_cast<int>(
                                  std::min(node.execution_options().max_execution_retries(), uint32_t{INT_MAX})),
                              .execution_timeout_sec = node.execution_options().execution_timeout_sec()};
    // Those of its inputs among them, which changes nothing.
    std::vector<Node> upstream;
    for (const std::string& id : node.upstream_nodes()) {
      const auto it = nodes_.find(id);
      if (it == nodes_.end()) return Invalid("it needs ", id, ", which does not come before it");
      upstream.push_back(it->second);
    }
    const auto added = nodes_.emplace(node.node_info().id(), Node(std::move(spec))).first;
    for (const Node& up : upstream) added->second.add_upstream_node(up);
    return absl::OkStatus();
  }

  const ir::Pipeline& ir_;
  RuntimeParameterValue value_;
  ir::IntermediateDeploymentConfig deployment_;
  std::map<std::string, Node> nodes_;
};

}  // namespace

absl::StatusOr<ir::Pipeline> ReadPipelineIr(absl::string_view path) {
  ASSIGN_OR_RETURN(const std::string content, io::ReadFile(path));
  ir::Pipeline pipeline;
  const auto is_control = [](unsigned char c) { return c < ' ' && !absl::ascii_isspace(c); };
  if (std::any_of(content.begin(), content.end(), is_control)) {
    if (!pipeline.ParseFromString(content)) {
      return Invalid(path, " is not a pipeline: neither text nor JSON nor a serialized tfx.orchestration.Pipeline");
    }
  } else if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(content), "{")) {
    RETURN_IF_ERROR(Annotate(io::ParseJson(content, &pipeline), path));
  } else {
    RETURN_IF_ERROR(Annotate(io::ParseTextProto(content, &pipeline), path));
  }
  return pipeline;
}

absl::StatusOr<Pipeline> LoadPipeline(const ir::Pipeline& pipeline, RuntimeParameterValue value) {
  return Loader(pipeline, value).Load();
}

}  // namespace tfxm

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/dsl/compiler.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "ml_metadata/proto/metadata_store.pb.h"
#include "tfx/proto/orchestration/executable_spec.pb.h"
#include "tfxm/metadata/postgresql.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

namespace ir = ::tfx::orchestration;

constexpr char kRunIdParameter[] = "pipeline-run-id";
constexpr char kRootParameter[] = "pipeline-root";

void SetValue(const PropertyValue& value, ml_metadata::Value* out) {
  if (const auto* number = std::get_if<int64_t>(&value)) {
    out->set_int_value(*number);
  } else if (const auto* real = std::get_if<double>(&value)) {
    out->set_double_value(*real);
  } else {
    out->set_string_value(std::get<std::string>(value));
  }
}

void SetRuntimeParameter(const char* name, ir::Value* value) {
  value->mutable_runtime_parameter()->set_name(name);
  value->mutable_runtime_parameter()->set_type(ir::RuntimeParameter::STRING);
}

// The contexts of a node; also where its consumers look for what it made.
template <typename AddContext>
void AddContexts(const Pipeline& pipeline, const std::string& node_id, AddContext add) {
  auto* context = add();
  context->mutable_type()->set_name("pipeline");
  context->mutable_name()->mutable_field_value()->set_string_value(pipeline.pipeline_name);
  context = add();
  context->mutable_type()->set_name("pipeline_run");
  SetRuntimeParameter(kRunIdParameter, context->mutable_name());
  context = add();
  context->mutable_type()->set_name("node");
  context->mutable_name()->mutable_field_value()->set_string_value(absl::StrCat(pipeline.pipeline_name, ".", node_id));
}

void SetType(const ArtifactType& type, bool with_properties, ml_metadata::ArtifactType* out) {
  out->set_name(type.name);
  ml_metadata::ArtifactType::SystemDefinedBaseType base;
  if (ml_metadata::ArtifactType::SystemDefinedBaseType_Parse(type.base_type, &base)) out->set_base_type(base);
  if (!with_properties) return;
  for (const auto& [name, kind] : type.properties) {
    (*out->mutable_properties())[name] = kind == PropertyType::kInt      ? ml_metadata::INT
                                         : kind == PropertyType::kDouble ? ml_metadata::DOUBLE
                                                                         : ml_metadata::STRING;
  }
}

void SetInputs(const Pipeline& pipeline, const NodeSpec& spec, ir::NodeInputs* out) {
  for (const auto& [key, input] : spec.inputs) {
    ir::InputSpec& input_spec = (*out->mutable_inputs())[key];
    for (const Channel& channel : input.channels) {
      auto* channel_spec = input_spec.add_channels();
      if (channel.producer() != nullptr) {
        channel_spec->mutable_producer_node_query()->set_id(channel.producer()->id);
        AddContexts(pipeline, channel.producer()->id, [&] { return channel_spec->add_context_queries(); });
        channel_spec->set_output_key(channel.output_key());
      } else {
        auto* query = channel_spec->add_context_queries();
        query->mutable_type()->set_name("pipeline");
        query->mutable_name()->mutable_field_value()->set_string_value(pipeline.pipeline_name);
        if (const std::string producer = channel.producer_id(); !producer.empty()) {
          query = channel_spec->add_context_queries();
          query->mutable_type()->set_name("node");
          query->mutable_name()->mutable_field_value()->set_string_value(
              absl::StrCat(pipeline.pipeline_name, ".", producer));
          channel_spec->mutable_producer_node_query()->set_id(producer);
        }
      }
      SetType(channel.type(), false, channel_spec->mutable_artifact_query()->mutable_type());
    }
    if (!input.optional) input_spec.set_min_count(1);
  }
}

void SetOutputs(const NodeSpec& spec, ir::NodeOutputs* out) {
  for (const auto& [key, output] : spec.outputs) {
    auto* artifact = (*out->mutable_outputs())[key].mutable_artifact_spec();
    SetType(output.type, true, artifact->mutable_type());
    for (const auto& [name, value] : output.properties) {
      SetValue(value, (*artifact->mutable_additional_properties())[name].mutable_field_value());
    }
    for (const auto& [name, value] : output.custom_properties) {
      SetValue(value, (*artifact->mutable_additional_custom_properties())[name].mutable_field_value());
    }
  }
}

// What TFX's own runner would run for the node.
void SetExecutable(const NodeSpec& spec, ir::IntermediateDeploymentConfig* config) {
  ir::executable_spec::PythonClassExecutableSpec python;
  if (!spec.executor.empty()) {
    python.set_class_path(spec.executor);
    google::protobuf::Any& any = (*config->mutable_executor_specs())[spec.id];
    if (spec.beam_executor) {
      ir::executable_spec::BeamExecutableSpec beam;
      *beam.mutable_python_executor_spec() = python;
      for (const std::string& arg : spec.beam_pipeline_args) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // TFX writes both.
        beam.add_beam_pipeline_args(arg);
#pragma GCC diagnostic pop
        beam.add_beam_pipeline_args_placeholders()->mutable_value()->set_string_value(arg);
      }
      any.PackFrom(beam);
    } else {
      any.PackFrom(python);
    }
  }
  if (!spec.driver.empty()) {
    python.set_class_path(spec.driver);
    (*config->mutable_custom_driver_specs())[spec.id].PackFrom(python);
  }
}

void SetNode(const Pipeline& pipeline, const std::vector<OrderedNode>& nodes, const OrderedNode& node,
             ir::PipelineNode* out) {
  const NodeSpec& spec = *node.spec;
  ml_metadata::ExecutionType* type = out->mutable_node_info()->mutable_type();
  type->set_name(spec.type_name);
  ml_metadata::ExecutionType::SystemDefinedBaseType base;
  if (ml_metadata::ExecutionType::SystemDefinedBaseType_Parse(spec.base_type, &base)) type->set_base_type(base);
  out->mutable_node_info()->set_id(spec.id);
  AddContexts(pipeline, spec.id, [&] { return out->mutable_contexts()->add_contexts(); });
  if (!spec.inputs.empty()) SetInputs(pipeline, spec, out->mutable_inputs());
  for (const auto& [id, condition] : spec.conditions) {
    *(*out->mutable_inputs()->mutable_conditionals())[id].mutable_placeholder_expression() = *condition;
  }
  // What a Resolver puts out are its inputs, chosen by the strategy in its parameters.
  if (spec.kind != NodeKind::kResolver) SetOutputs(spec, out->mutable_outputs());
  for (const auto& [name, value] : spec.exec_properties) {
    SetValue(value, (*out->mutable_parameters()->mutable_parameters())[name].mutable_field_value());
  }
  std::set<std::string> upstream, downstream;  // TFX sorts them by id.
  for (int i : node.upstream) upstream.insert(nodes[i].spec->id);
  for (int i : node.downstream) downstream.insert(nodes[i].spec->id);
  for (const std::string& id : upstream) out->add_upstream_nodes(id);
  for (const std::string& id : downstream) out->add_downstream_nodes(id);
  auto* caching = out->mutable_execution_options()->mutable_caching_options();
  if (spec.enable_cache.value_or(pipeline.enable_cache)) caching->set_enable_cache(true);
  const NodeExecutionOptions& options = spec.execution_options;
  if (options.max_execution_retries > 0) {
    out->mutable_execution_options()->set_max_execution_retries(options.max_execution_retries);
  }
  out->mutable_execution_options()->set_execution_timeout_sec(options.execution_timeout_sec);
}

}  // namespace

absl::StatusOr<ir::Pipeline> CompilePipeline(const Pipeline& pipeline) {
  ASSIGN_OR_RETURN(const std::vector<OrderedNode> nodes, OrderNodes(pipeline));
  ir::Pipeline out;
  out.mutable_pipeline_info()->set_id(pipeline.pipeline_name);
  ir::IntermediateDeploymentConfig deployment;
  for (const OrderedNode& node : nodes) {
    SetNode(pipeline, nodes, node, out.add_nodes()->mutable_pipeline_node());
    SetExecutable(*node.spec, &deployment);
  }
  SetRuntimeParameter(kRootParameter, out.mutable_runtime_spec()->mutable_pipeline_root());
  out.mutable_runtime_spec()
      ->mutable_pipeline_root()
      ->mutable_runtime_parameter()
      ->mutable_default_value()
      ->set_string_value(pipeline.pipeline_root);
  SetRuntimeParameter(kRunIdParameter, out.mutable_runtime_spec()->mutable_pipeline_run_id());
  out.set_execution_mode(ir::Pipeline::SYNC);
  ml_metadata::ConnectionConfig connection;
  if (postgresql::IsUri(pipeline.metadata_path)) {
    ASSIGN_OR_RETURN(*connection.mutable_postgresql(), postgresql::ParseUri(pipeline.metadata_path));
  } else {
    connection.mutable_sqlite()->set_filename_uri(pipeline.metadata_path);
    connection.mutable_sqlite()->set_connection_mode(ml_metadata::SqliteMetadataSourceConfig::READWRITE_OPENCREATE);
  }
  deployment.mutable_metadata_connection_config()->PackFrom(connection);
  out.mutable_deployment_config()->PackFrom(deployment);
  return out;
}

}  // namespace tfxm

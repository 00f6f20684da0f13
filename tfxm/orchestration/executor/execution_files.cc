// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/executor/execution_files.h"

#include "tfxm/orchestration/execution.pb.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using orchestration::Artifacts;
using orchestration::Value;
template <typename T>
using ProtoMap = google::protobuf::Map<std::string, T>;

std::string RequestPath(absl::string_view dir) { return io::JoinPath(dir, "request.pb"); }
std::string ResultPath(absl::string_view dir) { return io::JoinPath(dir, "result.pb"); }

void ToProto(const Properties& properties, ProtoMap<Value>* out) {
  for (const auto& [name, value] : properties) {
    Value& v = (*out)[name];
    if (const auto* number = std::get_if<int64_t>(&value)) {
      v.set_int_value(*number);
    } else if (const auto* real = std::get_if<double>(&value)) {
      v.set_double_value(*real);
    } else {
      v.set_string_value(std::get<std::string>(value));
    }
  }
}

Properties FromProto(const ProtoMap<Value>& values) {
  Properties out;
  for (const auto& [name, value] : values) {
    switch (value.value_case()) {
      case Value::kIntValue: out[name] = value.int_value(); break;
      case Value::kDoubleValue: out[name] = value.double_value(); break;
      default: out[name] = value.string_value();
    }
  }
  return out;
}

void ToProto(const ArtifactDict& dict, ProtoMap<Artifacts>* out) {
  for (const auto& [key, artifacts] : dict) {
    Artifacts& list = (*out)[key];
    for (const Artifact& artifact : artifacts) {
      orchestration::Artifact* a = list.add_artifacts();
      a->set_id(artifact.id);
      a->set_type_name(artifact.type_name);
      a->set_name(artifact.name);
      a->set_uri(artifact.uri);
      ToProto(artifact.properties, a->mutable_properties());
      ToProto(artifact.custom_properties, a->mutable_custom_properties());
    }
  }
}

ArtifactDict FromProto(const ProtoMap<Artifacts>& map) {
  ArtifactDict out;
  for (const auto& [key, list] : map) {
    std::vector<Artifact>& artifacts = out[key];
    for (const orchestration::Artifact& a : list.artifacts()) {
      artifacts.push_back({.id = a.id(),
                           .type_name = a.type_name(),
                           .name = a.name(),
                           .uri = a.uri(),
                           .properties = FromProto(a.properties()),
                           .custom_properties = FromProto(a.custom_properties())});
    }
  }
  return out;
}

}  // namespace

absl::Status WriteExecutionRequest(absl::string_view dir, const ExecutionRequest& request) {
  orchestration::ExecutionRequest out;
  out.set_node_id(request.node_id);
  out.set_executor(request.executor);
  out.set_plugin(request.plugin);
  out.set_tmp_dir(request.tmp_dir);
  out.set_checkpoint_dir(request.checkpoint_dir);
  ToProto(request.inputs, out.mutable_inputs());
  ToProto(request.outputs, out.mutable_outputs());
  ToProto(request.exec_properties, out.mutable_exec_properties());
  const auto& [launcher, hosts, workers, work_dir, shard_timeout] = request.launcher;
  out.mutable_launcher()->set_launcher(launcher);
  out.mutable_launcher()->set_hosts(hosts);
  out.mutable_launcher()->set_workers(workers);
  out.mutable_launcher()->set_work_dir(work_dir);
  out.mutable_launcher()->set_shard_timeout(shard_timeout);
  return io::WriteBinaryProto(RequestPath(dir), out);
}

absl::StatusOr<ExecutionRequest> ReadExecutionRequest(absl::string_view dir) {
  orchestration::ExecutionRequest in;
  RETURN_IF_ERROR(io::ReadBinaryProto(RequestPath(dir), &in));
  return ExecutionRequest{.node_id = in.node_id(),
                          .executor = in.executor(),
                          .plugin = in.plugin(),
                          .tmp_dir = in.tmp_dir(),
                          .checkpoint_dir = in.checkpoint_dir(),
                          .inputs = FromProto(in.inputs()),
                          .outputs = FromProto(in.outputs()),
                          .exec_properties = FromProto(in.exec_properties()),
                          .launcher = {.launcher = in.launcher().launcher(),
                                       .hosts = in.launcher().hosts(),
                                       .workers = in.launcher().workers(),
                                       .work_dir = in.launcher().work_dir(),
                                       .shard_timeout = in.launcher().shard_timeout()}};
}

absl::Status WriteExecutionResult(absl::string_view dir, const absl::Status& status, const ArtifactDict& outputs) {
  orchestration::ExecutionResult out;
  out.set_code(static_cast<int>(status.code()));
  out.set_message(std::string(status.message()));
  if (status.ok()) ToProto(outputs, out.mutable_outputs());
  return io::WriteBinaryProto(ResultPath(dir), out);
}

bool HasExecutionResult(absl::string_view dir) { return io::Exists(ResultPath(dir)); }

absl::StatusOr<ArtifactDict> ReadExecutionResult(absl::string_view dir) {
  orchestration::ExecutionResult in;
  RETURN_IF_ERROR(io::ReadBinaryProto(ResultPath(dir), &in));
  if (in.code() != 0) return absl::Status(static_cast<absl::StatusCode>(in.code()), in.message());
  return FromProto(in.outputs());
}

absl::Status RemoveExecutionFiles(absl::string_view dir) {
  RETURN_IF_ERROR(io::RemoveAll(RequestPath(dir)));
  return io::RemoveAll(ResultPath(dir));
}

}  // namespace tfxm

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/output_layout.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

void Replace(const std::string& from, const std::string& to, Properties* properties) {
  for (auto& [name, value] : *properties) {
    if (auto* text = std::get_if<std::string>(&value)) *text = absl::StrReplaceAll(*text, {{from, to}});
  }
}

}  // namespace

OutputLayout::OutputLayout(const std::string& pipeline_root) : root_(io::AbsolutePath(pipeline_root)) {}

std::string OutputLayout::SystemDir(const std::string& node_id, int64_t execution_id) const {
  return io::JoinPath(root_, node_id, ".system", "executor_execution", absl::StrCat(execution_id));
}

std::string OutputLayout::TempDir(int64_t execution_id) const {
  return io::JoinPath(root_, ".temp", absl::StrCat(execution_id));
}

std::string OutputLayout::ExecutorTmpDir(int64_t execution_id) const {
  return io::JoinPath(TempDir(execution_id), "tmp");
}

std::string OutputLayout::CheckpointDir(const std::string& node_id, const std::string& cache_key) const {
  return io::JoinPath(root_, node_id, ".system", "checkpoints", cache_key);
}

ArtifactDict OutputLayout::NewOutputs(const NodeSpec& spec, int64_t execution_id) const {
  ArtifactDict outputs;
  for (const auto& [key, output] : spec.outputs) {
    outputs[key] = {{.type_name = output.type.name,
                     .uri = io::JoinPath(TempDir(execution_id), "outputs", key),
                     .properties = output.properties,
                     .custom_properties = output.custom_properties}};
  }
  return outputs;
}

absl::Status OutputLayout::MoveIntoPlace(const NodeSpec& spec, int64_t execution_id, ArtifactDict* outputs) const {
  for (const auto& [key, output] : spec.outputs) {
    const std::string from = io::JoinPath(TempDir(execution_id), "outputs", key);
    const std::string to = io::JoinPath(root_, spec.id, key, absl::StrCat(execution_id));
    RETURN_IF_ERROR(io::RemoveAll(to));
    RETURN_IF_ERROR(io::MakeDirs(io::Dirname(to)));
    RETURN_IF_ERROR(io::Rename(from, to));
    for (auto& [other_key, artifacts] : *outputs) {
      for (Artifact& artifact : artifacts) {
        if (artifact.uri == from || absl::StartsWith(artifact.uri, from + "/"))
          artifact.uri.replace(0, from.size(), to);
        Replace(from, to, &artifact.properties);
        Replace(from, to, &artifact.custom_properties);
      }
    }
  }
  return absl::OkStatus();
}

std::string OutputLayout::WithFinalPaths(const NodeSpec& spec, int64_t execution_id, std::string text) const {
  for (const auto& [key, output] : spec.outputs) {
    text = absl::StrReplaceAll(text, {{io::JoinPath(TempDir(execution_id), "outputs", key),
                                       io::JoinPath(root_, spec.id, key, absl::StrCat(execution_id))}});
  }
  return text;
}

absl::Status OutputLayout::RemoveTemp(int64_t execution_id) const { return io::RemoveAll(TempDir(execution_id)); }

absl::Status OutputLayout::RemoveAllTemp() const { return io::RemoveAll(io::JoinPath(root_, ".temp")); }

absl::Status OutputLayout::RemoveArtifacts(const std::string& node_id, int64_t execution_id) const {
  const std::string node_dir = io::JoinPath(root_, node_id);
  if (!io::IsDirectory(node_dir)) return absl::OkStatus();
  io::RemoveAbandoned(SystemDir(node_id, execution_id));
  ASSIGN_OR_RETURN(const std::vector<std::string> keys, io::ListDir(node_dir));
  for (const std::string& key : keys) {
    if (key != ".system") RETURN_IF_ERROR(io::RemoveAll(io::JoinPath(node_dir, key, absl::StrCat(execution_id))));
  }
  return absl::OkStatus();
}

}  // namespace tfxm

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/saved_model/internal/read_saved_model.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tensorflow/core/protobuf/saved_model.pb.h"
#include "tfxm/saved_model/saved_model_files.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::internal {

namespace {

// As servers want it, a folder may hold versions of a model: 1/, 2/, …
std::string VersionHint(absl::string_view dir) {
  const auto names = io::ListDir(dir);
  int64_t newest = -1;
  std::string folder;
  for (const std::string& name : names.ok() ? *names : std::vector<std::string>()) {
    int64_t version = -1;
    const std::string path = io::JoinPath(dir, name);
    if (!absl::SimpleAtoi(name, &version) || version <= newest || !io::Exists(io::JoinPath(path, kSavedModelFile)))
      continue;
    newest = version;
    folder = path;
  }
  return newest < 0 ? "" : absl::StrCat(". It holds versions of a model, the newest of them ", folder);
}

}  // namespace

std::string VariablesPrefix(absl::string_view dir) { return io::JoinPath(dir, "variables", "variables"); }

absl::StatusOr<tensorflow::MetaGraphDef> ReadMetaGraph(absl::string_view dir, const std::vector<std::string>& tags) {
  if (!io::IsDirectory(dir)) {
    return absl::NotFoundError(
        absl::StrCat(dir, io::Exists(dir) ? " is a file; a SavedModel is a directory with a saved_model.pb in it"
                                          : " does not exist"));
  }
  const std::string path = io::JoinPath(dir, kSavedModelFile), text_path = io::JoinPath(dir, kSavedModelTextFile);
  tensorflow::SavedModel saved_model;
  if (io::Exists(path)) {
    ASSIGN_OR_RETURN(const std::string bytes, io::ReadFile(path));
    if (!saved_model.ParseFromString(bytes) || saved_model.meta_graphs().empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, " is not a SavedModel (", bytes.size(), " bytes): it may be truncated; write it again"));
    }
  } else if (io::Exists(text_path)) {
    RETURN_IF_ERROR(io::ReadTextProto(text_path, &saved_model));
  } else {
    return absl::NotFoundError(absl::StrCat(dir, " is not a SavedModel: it has no saved_model.pb", VersionHint(dir)));
  }
  std::vector<std::string> sorted = tags, known;
  std::sort(sorted.begin(), sorted.end());
  for (tensorflow::MetaGraphDef& meta_graph : *saved_model.mutable_meta_graphs()) {
    const auto& graph_tags = meta_graph.meta_info_def().tags();
    std::vector<std::string> have(graph_tags.begin(), graph_tags.end());
    std::sort(have.begin(), have.end());
    if (have == sorted) return std::move(meta_graph);
    known.push_back(absl::StrCat("{", absl::StrJoin(have, ", "), "}"));
  }
  return absl::NotFoundError(absl::StrCat("the SavedModel ", dir, " has no graph with the tags {",
                                          absl::StrJoin(sorted, ", "), "}; it has ", absl::StrJoin(known, ", ")));
}

absl::Status CheckVariablesExist(absl::string_view dir, const tensorflow::MetaGraphDef& meta_graph) {
  const std::string index = absl::StrCat(VariablesPrefix(dir), ".index");
  if (meta_graph.saver_def().restore_op_name().empty() || io::Exists(index)) return absl::OkStatus();
  for (const auto& node : meta_graph.graph_def().node()) {
    if (node.op() == "VarHandleOp" || node.op() == "VariableV2") {
      return absl::NotFoundError(absl::StrCat("the SavedModel ", dir, " has variables (\"", node.name(), "\", …), but ",
                                              index, " is missing; copy the whole directory"));
    }
  }
  return absl::OkStatus();
}

}  // namespace tfxm::internal

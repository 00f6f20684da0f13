// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/run/pipeline_paths.h"

#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "tfxm/metadata/postgresql.h"
#include "tfxm/util/filesystem/file_system.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

// Of all paths in a text, which may be JSON.
absl::Status CheckText(const std::string& text) {
  for (const char* scheme : {"s3://", "gs://"}) {
    for (size_t at = text.find(scheme); at != std::string::npos; at = text.find(scheme, at + 1)) {
      RETURN_IF_ERROR(io::CheckNoSecrets(text.substr(at, text.find_first_of("\"', \t\n", at) - at)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckNoKeys(const Pipeline& pipeline) {
  RETURN_IF_ERROR(Annotate(CheckText(pipeline.pipeline_root), "pipeline_root"));
  for (const Node& node : pipeline.components) {
    for (const auto& [name, value] : node.spec().exec_properties) {
      const std::string* const text = std::get_if<std::string>(&value);
      if (text != nullptr) RETURN_IF_ERROR(Annotate(CheckText(*text), absl::StrCat(node.id(), ", ", name)));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckLocalPaths(const Pipeline& pipeline) {
  if (io::IsRemote(pipeline.pipeline_root)) {
    return absl::InvalidArgumentError(absl::StrCat("pipeline_root is ", pipeline.pipeline_root,
                                                   "; artifacts are local files: mount it, or give another folder. "
                                                   "Inputs and what is pushed may be at s3:// and gs://"));
  }
  if (io::IsRemote(pipeline.metadata_path) && !postgresql::IsUri(pipeline.metadata_path)) {
    return absl::InvalidArgumentError(absl::StrCat("metadata_path is ", pipeline.metadata_path,
                                                   "; a metadata store is a local SQLite file, or on a PostgreSQL "
                                                   "server (postgresql://HOST/DBNAME)"));
  }
  return absl::OkStatus();
}

}  // namespace tfxm

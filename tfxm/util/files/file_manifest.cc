// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/file_manifest.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/files/list_tree.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// Paths of what is below `dir`, and whether it is a file and not a link or something else.
absl::StatusOr<std::map<std::string, bool>> ListFiles(absl::string_view dir) {
  std::map<std::string, bool> files;
  ASSIGN_OR_RETURN(const std::vector<TreeFile> tree, ListTree(dir));
  for (const TreeFile& file : tree) {
    if (file.path != kManifestFile) files[file.path] = file.is_file && !file.is_link;
  }
  return files;
}

bool StaysInside(absl::string_view path) {
  if (path.empty() || path[0] == '/') return false;
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

absl::StatusOr<FileManifest::File> ParseFile(const Value& value) {
  FileManifest::File file;
  const auto& fields = value.struct_value().fields();
  const auto size = fields.find("size"), hash = fields.find("sha256");
  if (size == fields.end() || hash == fields.end()) return absl::DataLossError("expected \"size\" and \"sha256\"");
  const double number = size->second.number_value();
  if (!size->second.has_number_value() || !(number >= 0 && number < 0x1p53) || number != std::floor(number)) {
    return absl::DataLossError("\"size\" is not a whole number");
  }
  file.size = static_cast<int64_t>(number);
  file.sha256 = hash->second.string_value();
  if (file.sha256.size() != 64 || !std::all_of(file.sha256.begin(), file.sha256.end(), absl::ascii_isxdigit)) {
    return absl::DataLossError("\"sha256\" is not 64 hex digits");
  }
  absl::AsciiStrToLower(&file.sha256);
  return file;
}

}  // namespace

absl::StatusOr<FileManifest::File> DescribeFile(absl::string_view path, FileHashes* hashes) {
  FileManifest::File file;
  if (hashes != nullptr) {
    ASSIGN_OR_RETURN(file.size, io::FileSize(path));
    ASSIGN_OR_RETURN(file.sha256, hashes->Hash(path));
    return file;
  }
  Sha256 hash;
  ASSIGN_OR_RETURN(file.size, HashFile(path, &hash));
  file.sha256 = hash.HexDigest();
  return file;
}

absl::StatusOr<FileManifest> MakeFileManifest(absl::string_view dir, FileHashes* hashes) {
  FileManifest manifest;
  ASSIGN_OR_RETURN(const auto files, ListFiles(dir));
  for (const auto& [path, is_file] : files) {
    const std::string full = io::JoinPath(dir, path);
    if (!is_file) {
      return absl::FailedPreconditionError(absl::StrCat(full, " is neither a file nor a folder"));
    }
    ASSIGN_OR_RETURN(manifest.files[path], DescribeFile(full, hashes));
  }
  return manifest;
}

std::string ManifestJson(const FileManifest& manifest) {
  JsonWriter json(/*indent=*/true);
  json.BeginObject().Key("files").BeginObject();
  for (const auto& [path, file] : manifest.files) {
    json.Key(path).BeginObject().Key("size").Integer(file.size);
    json.Key("sha256").String(file.sha256).End();
  }
  json.End().End();
  return std::move(json).Take() + "\n";
}

absl::StatusOr<FileManifest> ParseFileManifest(absl::string_view json) {
  Struct root;
  if (absl::Status parsed = io::ParseJson(json, &root); !parsed.ok()) {
    return absl::DataLossError(absl::StrCat("not a manifest: ", parsed.message()));
  }
  const auto files = root.fields().find("files");
  if (files == root.fields().end() || !files->second.has_struct_value()) {
    return absl::DataLossError("not a manifest: it has no \"files\"");
  }
  FileManifest manifest;
  for (const auto& [path, value] : files->second.struct_value().fields()) {
    if (!StaysInside(path)) {
      return absl::DataLossError(absl::StrCat("not a manifest: \"", path, "\" is not a path inside its folder"));
    }
    absl::StatusOr<FileManifest::File> file = ParseFile(value);
    if (!file.ok()) return Annotate(file.status(), absl::StrCat("not a manifest: \"", path, "\""));
    manifest.files[path] = *std::move(file);
  }
  return manifest;
}

absl::StatusOr<FileManifest> ReadFileManifest(absl::string_view path) {
  ASSIGN_OR_RETURN(const std::string json, io::ReadFile(path));
  absl::StatusOr<FileManifest> manifest = ParseFileManifest(json);
  if (!manifest.ok()) return Annotate(manifest.status(), path);
  return manifest;
}

absl::StatusOr<std::vector<std::string>> CompareWithManifest(absl::string_view dir, const FileManifest& manifest,
                                                             bool with_others, FileHashes* hashes) {
  ASSIGN_OR_RETURN(const auto found, ListFiles(dir));
  std::map<std::string, std::string> differences;  // By path.
  for (const auto& [path, file] : manifest.files) {
    const auto it = found.find(path);
    if (it == found.end()) {
      differences[path] = "is missing";
      continue;
    }
    if (!it->second) {
      differences[path] = "is no longer a file";
      continue;
    }
    const std::string full = io::JoinPath(dir, path);
    ASSIGN_OR_RETURN(const int64_t size, io::FileSize(full));
    if (size != file.size) {
      differences[path] = absl::StrCat("has ", size, " bytes instead of ", file.size);
      continue;
    }
    ASSIGN_OR_RETURN(const FileManifest::File now, DescribeFile(full, hashes));
    if (now.sha256 != file.sha256) differences[path] = "has another content (its SHA-256 differs)";
  }
  for (const auto& [path, is_file] : found) {
    if (with_others && manifest.files.count(path) == 0) differences[path] = "is not in the manifest";
  }
  std::vector<std::string> lines;
  for (const auto& [path, difference] : differences) lines.push_back(absl::StrCat(path, " ", difference));
  return lines;
}

}  // namespace tfxm

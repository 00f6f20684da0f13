// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/examples.h"

#include <glob.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/util/filesystem/file_system.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm::data {

std::string SplitDir(absl::string_view uri, absl::string_view split) {
  return io::JoinPath(uri, absl::StrCat("Split-", split));
}

absl::StatusOr<std::vector<std::string>> SplitFiles(absl::string_view uri, absl::string_view split) {
  const std::string dir = SplitDir(uri, split);
  ASSIGN_OR_RETURN(std::vector<std::string> files, io::ListFiles(dir));
  if (!files.empty()) return files;
  std::vector<std::string> others;
  for (const std::string& name : io::ListDir(uri).value_or(std::vector<std::string>())) {
    absl::string_view other = name;
    if (absl::ConsumePrefix(&other, "Split-") && other != split) others.push_back(absl::StrCat("\"", other, "\""));
  }
  return absl::NotFoundError(absl::StrCat(
      "no example file in ", dir, " (split \"", split, "\")",
      others.empty() ? "" : absl::StrCat("; there ", others.size() == 1 ? "is only the split " : "are the splits "),
      absl::StrJoin(others, ", ")));
}

std::string ShardName(absl::string_view prefix, int shard, int num_shards) {
  return absl::StrFormat("%s-%05d-of-%05d.gz", prefix, shard, num_shards);
}

std::string EncodeSplitNames(const std::vector<std::string>& names) {
  JsonWriter json = JsonWriter::LikePython();
  json.BeginArray();
  for (const std::string& name : names) json.String(name);
  return std::move(json.End()).Take();
}

absl::StatusOr<std::vector<std::string>> DecodeSplitNames(absl::string_view json) {
  google::protobuf::ListValue list;
  RETURN_IF_ERROR(Annotate(io::ParseJson(json, &list), "split_names"));
  std::vector<std::string> names;
  for (const auto& value : list.values()) names.push_back(value.string_value());
  return names;
}

namespace {

absl::Status CheckLinks(const std::string& pattern) {
  if (io::IsRemote(pattern)) return absl::OkStatus();
  glob_t found;
  const int result = glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
  std::string dangling;
  for (size_t i = 0; result == 0 && i < found.gl_pathc; ++i) {
    std::error_code error;
    const std::filesystem::path path = found.gl_pathv[i];
    if (std::filesystem::is_symlink(path, error) && !std::filesystem::exists(path, error)) dangling = path.string();
  }
  globfree(&found);
  if (dangling.empty()) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat(dangling, " is a link to a file that is not there; mend it, or remove it if that is no data"));
}

// The files that a path or, if there is nothing of that name, a glob stands for.
absl::StatusOr<std::vector<std::string>> MatchOne(const std::string& pattern, std::vector<std::string>* left_out) {
  ASSIGN_OR_RETURN(const io::PathInfo::Kind kind, io::KindOf(pattern));
  if (kind == io::PathInfo::Kind::kDirectory) return GlobFiles(io::JoinPath(io::EscapeGlob(pattern), "*"), left_out);
  if (kind == io::PathInfo::Kind::kFile) return std::vector<std::string>{pattern};
  ASSIGN_OR_RETURN(std::vector<std::string> matched, GlobFiles(pattern, left_out));
  if (!matched.empty()) return matched;
  return GlobFiles(io::JoinPath(pattern, "*"), left_out);  // A pattern of directories.
}

// What tells whether two paths are one file.
std::string Canonical(const std::string& path) {
  if (io::IsRemote(path)) return path;
  std::error_code error;
  const std::filesystem::path canonical = std::filesystem::canonical(path, error);
  return error ? path : canonical.string();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> GlobFiles(const std::string& pattern, std::vector<std::string>* left_out) {
  RETURN_IF_ERROR(CheckLinks(pattern));
  ASSIGN_OR_RETURN(std::vector<std::string> files, io::Glob(pattern));
  if (absl::StartsWith(io::Basename(pattern), "_")) return files;
  const auto others = std::stable_partition(
      files.begin(), files.end(), [](const std::string& file) { return !absl::StartsWith(io::Basename(file), "_"); });
  left_out->insert(left_out->end(), others, files.end());
  files.erase(others, files.end());
  return files;
}

absl::StatusOr<std::vector<std::string>> MatchFiles(absl::string_view patterns) {
  constexpr size_t kMostCommas = 8;  // In one path.
  std::vector<std::string> files;
  std::map<std::string, std::string> matched_by;  // Canonical path -> pattern.
  const std::vector<std::string> parts = absl::StrSplit(patterns, ',', absl::SkipEmpty());
  for (size_t i = 0; i < parts.size();) {
    // A path may hold commas itself: the longest that exists. One with a scheme is the beginning of another.
    size_t end = i + 1;
    while (end < std::min(parts.size(), i + kMostCommas) && !io::IsRemote(parts[end])) ++end;
    while (end > i + 1 && !io::Exists(absl::StrJoin(parts.begin() + i, parts.begin() + end, ","))) --end;
    const std::string pattern = absl::StrJoin(parts.begin() + i, parts.begin() + end, ",");
    std::vector<std::string> left_out;
    ASSIGN_OR_RETURN(const std::vector<std::string> matched, MatchOne(pattern, &left_out));
    if (matched.empty()) {
      return absl::NotFoundError(absl::StrCat("no file matches ", pattern,
                                              left_out.empty() ? "" : " but for names that begin with _, as ",
                                              left_out.empty() ? "" : left_out[0]));
    }
    for (const std::string& file : left_out) {
      std::fprintf(stderr, "warning: %s is left out: its name begins with _\n", file.c_str());
    }
    for (const std::string& file : matched) {
      const auto [it, first] = matched_by.emplace(Canonical(file), pattern);
      if (first) continue;
      return absl::InvalidArgumentError(absl::StrCat(file, " is given twice, by ", it->second, " and by ", pattern,
                                                     ": its examples would count twice. Leave out one of the two"));
    }
    files.insert(files.end(), matched.begin(), matched.end());
    i = end;
  }
  if (files.empty()) return absl::NotFoundError("no file given");
  return files;
}

}  // namespace tfxm::data

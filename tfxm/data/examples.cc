// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/examples.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/protobuf/struct.pb.h"
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

// The files that a path or, if there is nothing of that name, a glob stands for.
absl::StatusOr<std::vector<std::string>> MatchOne(const std::string& pattern) {
  if (io::IsDirectory(pattern)) return io::ListFiles(pattern);
  if (io::Exists(pattern)) return std::vector<std::string>{pattern};
  ASSIGN_OR_RETURN(std::vector<std::string> matched, io::Glob(pattern));
  if (!matched.empty()) return matched;
  return io::Glob(io::JoinPath(pattern, "*"));  // A pattern of directories.
}

// What tells whether two paths are one file.
std::string Canonical(const std::string& path) {
  std::error_code error;
  const std::filesystem::path canonical = std::filesystem::canonical(path, error);
  return error ? path : canonical.string();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> MatchFiles(absl::string_view patterns) {
  constexpr size_t kMostCommas = 8;  // In one path.
  std::vector<std::string> files;
  std::map<std::string, std::string> matched_by;  // Canonical path -> pattern.
  const std::vector<std::string> parts = absl::StrSplit(patterns, ',', absl::SkipEmpty());
  for (size_t i = 0; i < parts.size();) {
    // A path may hold commas itself: the longest that exists.
    size_t end = std::min(parts.size(), i + kMostCommas);
    while (end > i + 1 && !io::Exists(absl::StrJoin(parts.begin() + i, parts.begin() + end, ","))) --end;
    const std::string pattern = absl::StrJoin(parts.begin() + i, parts.begin() + end, ",");
    ASSIGN_OR_RETURN(const std::vector<std::string> matched, MatchOne(pattern));
    if (matched.empty()) return absl::NotFoundError(absl::StrCat("no file matches ", pattern));
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

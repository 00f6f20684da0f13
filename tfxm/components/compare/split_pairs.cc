// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/compare/split_pairs.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/splits.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr char kIncludeSplitPairs[] = "include_split_pairs";

using Pairs = std::vector<std::pair<std::string, std::string>>;

absl::StatusOr<Pairs> ParsePairs(const std::string& json) {
  Pairs pairs;
  if (json.empty() || json == "null") return pairs;
  google::protobuf::ListValue list;
  const auto wrong = [&] {
    return absl::InvalidArgumentError(
        absl::StrCat(kIncludeSplitPairs, " is ", json, "; expected pairs of splits, as [[\"train\", \"eval\"]]"));
  };
  if (!io::ParseJson(json, &list).ok()) return wrong();
  for (const google::protobuf::Value& pair : list.values()) {
    const auto& names = pair.list_value().values();
    if (names.size() != 2 || !names[0].has_string_value() || !names[1].has_string_value()) return wrong();
    pairs.emplace_back(names[0].string_value(), names[1].string_value());
  }
  return pairs;
}

absl::Status CheckSplit(const std::string& split, const std::vector<std::string>& splits, absl::string_view what) {
  if (std::find(splits.begin(), splits.end(), split) != splits.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(kIncludeSplitPairs, " names the split \"", split, "\", but the ", what,
                                                 " has only [", absl::StrJoin(splits, ", "), "]"));
}

}  // namespace

absl::StatusOr<Pairs> SplitPairs(const Artifact& test, const Artifact& base, const Properties& exec_properties,
                                 bool only_same_names) {
  ASSIGN_OR_RETURN(const std::vector<std::string> of_test, SplitNames(test));
  ASSIGN_OR_RETURN(const std::vector<std::string> of_base, SplitNames(base));
  ASSIGN_OR_RETURN(Pairs pairs, ParsePairs(StringPropertyOr(exec_properties, kIncludeSplitPairs, "null")));
  for (const auto& [t, b] : pairs) {
    RETURN_IF_ERROR(CheckSplit(t, of_test, "data to compare"));
    RETURN_IF_ERROR(CheckSplit(b, of_base, "baseline"));
  }
  if (!pairs.empty()) return pairs;
  for (const std::string& t : of_test) {
    for (const std::string& b : of_base) {
      if (!only_same_names || t == b) pairs.emplace_back(t, b);
    }
  }
  if (pairs.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("no split of [", absl::StrJoin(of_test, ", "),
                                                   "] has the name of one of the baseline's [",
                                                   absl::StrJoin(of_base, ", "), "]; give include_split_pairs"));
  }
  return pairs;
}

}  // namespace tfxm

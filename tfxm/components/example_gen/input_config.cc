// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/example_gen/input_config.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "re2/re2.h"
#include "tfxm/data/examples.h"
#include "tfxm/util/filesystem/file_system.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using tfx::components::example_gen::Input;

// A {…} of a pattern: where it stands and its width modifier (0: none).
struct Spec {
  size_t begin = 0, size = 0;
  int width = 0;
};

struct PatternSpecs {
  std::optional<Spec> span, version, year, month, day;
  bool any() const { return span || year; }
};

absl::Status BadPattern(absl::string_view pattern, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("input pattern \"", pattern, "\": ", why));
}

absl::StatusOr<std::optional<Spec>> FindSpec(const std::string& pattern, const std::string& name, bool may_have_width) {
  std::optional<Spec> found;
  for (size_t at = 0; (at = pattern.find("{" + name, at)) != std::string::npos; ++at) {
    const size_t close = pattern.find('}', at);
    if (close == std::string::npos) return BadPattern(pattern, absl::StrCat("{", name, " is not closed"));
    const std::string modifier = pattern.substr(at + 1 + name.size(), close - at - 1 - name.size());
    Spec spec{.begin = at, .size = close - at + 1};
    if (!modifier.empty()) {
      if (!may_have_width || modifier[0] != ':' || !absl::SimpleAtoi(modifier.substr(1), &spec.width) ||
          spec.width <= 0) {
        return BadPattern(pattern,
                          absl::StrCat("{", name, modifier, "}: expected {", name, "}",
                                       may_have_width ? absl::StrCat(" or {", name, ":WIDTH} with WIDTH > 0") : ""));
      }
    }
    if (found) return BadPattern(pattern, absl::StrCat("only one {", name, "} is allowed"));
    found = spec;
  }
  return found;
}

absl::StatusOr<PatternSpecs> FindSpecs(const std::string& pattern) {
  PatternSpecs specs;
  ASSIGN_OR_RETURN(specs.span, FindSpec(pattern, "SPAN", true));
  ASSIGN_OR_RETURN(specs.version, FindSpec(pattern, "VERSION", true));
  ASSIGN_OR_RETURN(specs.year, FindSpec(pattern, "YYYY", false));
  ASSIGN_OR_RETURN(specs.month, FindSpec(pattern, "MM", false));
  ASSIGN_OR_RETURN(specs.day, FindSpec(pattern, "DD", false));
  const int dates = specs.year.has_value() + specs.month.has_value() + specs.day.has_value();
  if (dates != 0 && dates != 3) return BadPattern(pattern, "a date needs each of {YYYY}, {MM} and {DD}");
  if (dates != 0 && specs.span) return BadPattern(pattern, "{SPAN} and a date exclude each other");
  if (specs.version && !specs.any()) return BadPattern(pattern, "{VERSION} needs {SPAN} or a date beside it");
  return specs;
}

std::string RegexOfGlob(absl::string_view glob) {
  std::string out;
  for (const char& c : glob) {
    absl::StrAppend(&out, c == '*' ? "[^/]*" : c == '?' ? "[^/]" : re2::RE2::QuoteMeta({&c, 1}));
  }
  return out;
}

int64_t DaysSinceEpoch(int year, unsigned month, unsigned day) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  return date.ok() ? std::chrono::sys_days(date).time_since_epoch().count() : -1;
}

// A {…} of a pattern, and what it says.
struct Field {
  std::string name;
  Spec spec;
};

// In the order in which they stand in the pattern, which is that of the expression's groups.
std::vector<Field> Fields(const PatternSpecs& specs) {
  std::vector<Field> fields;
  const auto add = [&](const std::optional<Spec>& spec, const char* name, int width) {
    if (spec) fields.push_back({name, {spec->begin, spec->size, width}});
  };
  add(specs.span, "span", specs.span ? specs.span->width : 0);
  add(specs.version, "version", specs.version ? specs.version->width : 0);
  add(specs.year, "year", 4);
  add(specs.month, "month", 2);
  add(specs.day, "day", 2);
  std::sort(fields.begin(), fields.end(), [](const Field& a, const Field& b) { return a.spec.begin < b.spec.begin; });
  return fields;
}

// The pattern with literal(text) for the text around its fields, and replacement(i) for field i.
template <typename Literal, typename Replacement>
std::string Replace(absl::string_view pattern, const std::vector<Field>& fields, Literal literal,
                    Replacement replacement) {
  std::string out;
  size_t at = 0;
  for (size_t i = 0; i < fields.size(); ++i) {
    const Spec& spec = fields[i].spec;
    absl::StrAppend(&out, literal(pattern.substr(at, spec.begin - at)), replacement(i));
    at = spec.begin + spec.size;
  }
  return out + literal(pattern.substr(at));
}

std::string Itself(absl::string_view text) { return std::string(text); }

struct Match {
  int64_t span = -1;
  std::optional<int64_t> version;
  std::string pattern;  // With the matched text in place of the {…}.
};

// The newest span and version that a file under `input_base` has.
absl::StatusOr<Match> FindNewest(absl::string_view input_base, const std::string& pattern, const PatternSpecs& specs,
                                 std::optional<int64_t> only_span) {
  const std::vector<Field> fields = Fields(specs);
  const std::string glob = Replace(pattern, fields, Itself, [](size_t) { return "*"; });
  ASSIGN_OR_RETURN(const std::vector<std::string> files, io::Glob(io::JoinPath(io::EscapeGlob(input_base), glob)));
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);  // Files' names are bytes.
  options.set_log_errors(false);
  const re2::RE2 regex(Replace(pattern, fields, RegexOfGlob,
                               [&](size_t i) {
                                 const int width = fields[i].spec.width;
                                 return width > 0 ? absl::StrFormat("([^/]{%d})", width) : std::string("([^/]*)");
                               }),
                       options);
  if (!regex.ok()) return BadPattern(pattern, regex.error());
  std::vector<std::string> matched(fields.size());
  std::vector<re2::RE2::Arg> groups(matched.size());
  std::vector<const re2::RE2::Arg*> group_pointers(groups.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    groups[i] = re2::RE2::Arg(&matched[i]);
    group_pointers[i] = &groups[i];
  }
  Match newest;
  for (const std::string& file : files) {
    const std::string relative = file.substr(io::JoinPath(input_base, "x").size() - 1);
    if (!re2::RE2::FullMatchN(relative, regex, group_pointers.data(), static_cast<int>(groups.size()))) continue;
    std::map<std::string, int64_t> number;
    for (size_t i = 0; i < fields.size(); ++i) {
      const std::string& name = fields[i].name;
      if (!absl::SimpleAtoi(matched[i], &number[name]) || number[name] < 0) {
        return BadPattern(pattern, absl::StrCat("\"", matched[i], "\" in ", file, " is not a ", name, " number"));
      }
    }
    Match match;
    match.span = specs.span ? number["span"]
                            : DaysSinceEpoch(static_cast<int>(number["year"]), static_cast<unsigned>(number["month"]),
                                             static_cast<unsigned>(number["day"]));
    if (match.span < 0) return BadPattern(pattern, absl::StrCat(file, " has no valid date"));
    if (specs.version) match.version = number["version"];
    if (only_span && match.span != *only_span) continue;
    match.pattern = Replace(pattern, fields, Itself, [&](size_t i) { return matched[i]; });
    if (std::pair(match.span, match.version.value_or(0)) > std::pair(newest.span, newest.version.value_or(0)) ||
        newest.span < 0) {
      newest = match;
    }
  }
  if (newest.span < 0) {
    return absl::NotFoundError(absl::StrCat("no file in ", input_base, " matches the input pattern \"", pattern, "\"",
                                            only_span ? absl::StrCat(" with span ", *only_span) : ""));
  }
  return newest;
}

absl::StatusOr<std::string> Fingerprint(const std::string& split_name, const std::vector<std::string>& files) {
  int64_t total_bytes = 0;
  uint64_t xor_checksum = 0, sum_checksum = 0;
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const io::PathInfo info, io::InfoOf(file));
    if (info.kind != io::PathInfo::Kind::kFile) return absl::NotFoundError(absl::StrCat("cannot read ", file));
    total_bytes += info.size;
    const auto modified = static_cast<uint64_t>(info.modified);
    xor_checksum ^= modified;
    sum_checksum += modified;
  }
  return absl::StrFormat("split:%s,num_files:%d,total_bytes:%d,xor_checksum:%d,sum_checksum:%d", split_name,
                         files.size(), total_bytes, xor_checksum, sum_checksum);
}

// For a folder of folders, how to take those as splits.
std::string SubFoldersHint(absl::string_view input_base) {
  std::vector<std::string> splits;
  for (const std::string& name : io::ListDir(input_base).value_or(std::vector<std::string>())) {
    if (name[0] != '.' && io::IsDirectory(io::JoinPath(input_base, name)) && splits.size() < 4) {
      splits.push_back(absl::StrCat("{\"", name, "\", \"", name, "/*\"}"));
    }
  }
  if (splits.empty()) return "";
  return absl::StrCat("; there are folders in it. If they are the splits, say so: .input_config = InputConfig{{",
                      absl::StrJoin(splits, ", "), "}}; if not, give one of them, or a pattern such as \"*/*\"");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> InputFiles(absl::string_view input_base, const Input::Split& split,
                                                    std::vector<std::string>* left_out) {
  std::vector<std::string> others;
  ASSIGN_OR_RETURN(std::vector<std::string> files,
                   data::GlobFiles(io::JoinPath(io::EscapeGlob(input_base), split.pattern()), &others));
  if (left_out != nullptr) left_out->insert(left_out->end(), others.begin(), others.end());
  if (files.empty()) {
    return absl::NotFoundError(absl::StrCat(
        "no input for split \"", split.name(), "\": no file in ", input_base, " matches \"", split.pattern(), "\"",
        others.empty() ? "" : " but for names that begin with _", SubFoldersHint(input_base)));
  }
  return files;
}

absl::StatusOr<ResolvedInput> ResolveInput(absl::string_view input_base, const Input& input,
                                           const tfx::configs::RangeConfig* range_config) {
  ASSIGN_OR_RETURN(const io::PathInfo::Kind kind, io::KindOf(input_base));
  if (kind != io::PathInfo::Kind::kDirectory) {
    return absl::NotFoundError(
        absl::StrCat("input_base ", input_base, " is not a directory; it must hold the input files"));
  }
  std::optional<int64_t> only_span;
  if (range_config != nullptr && range_config->has_rolling_range() && range_config->rolling_range().num_spans() != 1) {
    return absl::UnimplementedError(
        "range_config: of rolling_range only the newest span (num_spans: 1) is there; give a static_range");
  }
  if (range_config != nullptr && range_config->rolling_range().start_span_number() > 0) {
    return absl::UnimplementedError(
        "range_config: start_span_number of a rolling_range is not there, as in TFX; give a static_range");
  }
  if (range_config != nullptr && !range_config->has_static_range() && !range_config->has_rolling_range()) {
    return absl::InvalidArgumentError("range_config has neither a static_range nor a rolling_range");
  }
  if (range_config != nullptr && range_config->has_static_range()) {
    if (range_config->static_range().start_span_number() != range_config->static_range().end_span_number()) {
      return absl::InvalidArgumentError("range_config: start and end span must be the same for an ExampleGen");
    }
    only_span = range_config->static_range().start_span_number();
  }
  ResolvedInput resolved;
  resolved.input = input;
  std::vector<std::string> fingerprints;
  for (int i = 0; i < input.splits_size(); ++i) {
    Input::Split& split = *resolved.input.mutable_splits(i);
    ASSIGN_OR_RETURN(const PatternSpecs specs, FindSpecs(split.pattern()));
    Match match{.span = 0};
    if (specs.any()) {
      ASSIGN_OR_RETURN(match, FindNewest(input_base, split.pattern(), specs, only_span));
      split.set_pattern(match.pattern);
    } else if (only_span) {
      return BadPattern(split.pattern(), "a range_config needs {SPAN} or a date in the pattern");
    }
    if (i > 0 && (match.span != resolved.span || match.version != resolved.version)) {
      return absl::InvalidArgumentError(absl::StrCat("all input splits must have the same newest span and version; \"",
                                                     input.splits(0).name(), "\" has span ", resolved.span, ", \"",
                                                     split.name(), "\" has span ", match.span));
    }
    resolved.span = match.span;
    resolved.version = match.version;
    ASSIGN_OR_RETURN(const std::vector<std::string> files, InputFiles(input_base, split));
    ASSIGN_OR_RETURN(std::string fingerprint, Fingerprint(split.name(), files));
    fingerprints.push_back(std::move(fingerprint));
  }
  resolved.fingerprint = absl::StrJoin(fingerprints, "\n");
  return resolved;
}

absl::StatusOr<std::vector<std::string>> OutputSplitNames(const Input& input,
                                                          const tfx::components::example_gen::Output& output) {
  if (input.splits().empty()) return absl::InvalidArgumentError("input_config has no split");
  std::vector<std::string> names;
  if (output.split_config().splits_size() > 0) {
    if (input.splits_size() != 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          "output splits are configured, so there must be one input split; there are ", input.splits_size()));
    }
    constexpr int64_t kMostBuckets = (int64_t{1} << 31) - 1;  // As many as an int32 counts.
    int64_t buckets = 0;
    for (const auto& split : output.split_config().splits()) {
      if (split.name().empty()) return absl::InvalidArgumentError("output_config: every split needs a name");
      const int64_t n = split.hash_buckets();
      if (n <= 0 || n > kMostBuckets - buckets) {
        return absl::InvalidArgumentError(absl::StrCat("output_config: split \"", split.name(), "\" has hash_buckets ",
                                                       n, "; expected 1 or more, and not over ", kMostBuckets,
                                                       " in all splits together"));
      }
      buckets += n;
      names.push_back(split.name());
    }
  } else {
    for (const auto& split : input.splits()) {
      if (split.name().empty() || split.pattern().empty()) {
        return absl::InvalidArgumentError("every input split needs a name and a pattern");
      }
      names.push_back(split.name());
    }
  }
  const std::set<std::string> distinct(names.begin(), names.end());
  if (distinct.size() != names.size()) {
    return absl::InvalidArgumentError(absl::StrCat("duplicate split name in ", absl::StrJoin(names, ", ")));
  }
  for (const std::string& name : names) {
    if (name.find('/') != std::string::npos || name == "." || name == "..") {
      return absl::InvalidArgumentError(absl::StrCat("split name \"", name, "\" cannot be part of a path"));
    }
  }
  return names;
}

}  // namespace tfxm

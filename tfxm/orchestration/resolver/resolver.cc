// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/resolver/resolver.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfx/proto/range_config.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/orchestration/cache/cached_outputs.h"
#include "tfxm/util/files/file_manifest.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

// What is missing of an artifact's files; empty if nothing is.
std::string WhatIsGone(const Artifact& artifact) {
  if (!io::Exists(artifact.uri)) return artifact.uri;
  const std::string json = StringPropertyOr(artifact.custom_properties, kFilesProperty, "");
  if (json.empty()) {  // Made by TFX, or by an earlier tfxm.
    const std::string serving = io::JoinPath(artifact.uri, "Format-Serving");
    return artifact.type_name == "Model" && !io::Exists(serving) ? serving : "";
  }
  const absl::StatusOr<FileManifest> manifest = ParseFileManifest(json);
  if (!manifest.ok()) return "";
  for (const auto& [name, file] : manifest->files) {
    const std::string path = io::JoinPath(artifact.uri, name);
    if (io::IsDirectory(artifact.uri) && !io::Exists(path)) return path;
  }
  return "";
}

std::string Name(const Artifact& artifact) {
  return absl::StrCat(absl::AsciiStrToLower(artifact.type_name), " #", artifact.id);
}

ArtifactDict Latest(const ArtifactDict& candidates, std::string* note) {
  ArtifactDict chosen;
  std::vector<std::string> notes;
  for (const auto& [key, artifacts] : candidates) {
    chosen[key];
    if (artifacts.empty()) {
      notes.push_back(absl::StrCat("no ", key, " yet"));
    } else if (const std::string gone = WhatIsGone(artifacts.back()); !gone.empty()) {
      notes.push_back(absl::StrCat("no ", key, ": the latest is ", Name(artifacts.back()), ", but ", gone, " is gone"));
    } else {
      notes.push_back(Name(artifacts.back()));
      chosen[key].push_back(artifacts.back());
    }
  }
  *note = absl::StrJoin(notes, "; ");
  return chosen;
}

absl::StatusOr<ArtifactDict> LatestBlessedModel(const ArtifactDict& candidates, std::string* note) {
  ArtifactDict chosen;
  std::string model_key, blessing_key;
  for (const auto& [key, artifacts] : candidates) {
    chosen[key];
    for (const Artifact& artifact : artifacts) {
      if (artifact.type_name == "Model") model_key = key;
      if (artifact.type_name == "ModelBlessing") blessing_key = key;
    }
  }
  if (candidates.size() != 2) {
    return absl::InvalidArgumentError(
        "LatestBlessedModelStrategy needs two channels, one of type Model and one of type "
        "ModelBlessing");
  }
  *note = "no blessed model yet";
  if (model_key.empty() || blessing_key.empty()) return chosen;
  std::map<int64_t, const Artifact*> blessings;
  for (const Artifact& blessing : candidates.at(blessing_key)) {
    if (IntPropertyOr(blessing.custom_properties, "blessed", 0) == 1) {
      blessings[IntPropertyOr(blessing.custom_properties, "current_model_id", 0)] = &blessing;
    }
  }
  const std::vector<Artifact>& models = candidates.at(model_key);
  for (auto model = models.rbegin(); model != models.rend(); ++model) {
    const auto blessing = blessings.find(model->id);
    if (blessing == blessings.end()) continue;
    if (const std::string gone = WhatIsGone(*model); !gone.empty()) {
      *note = absl::StrCat("no baseline: the latest blessed model is #", model->id, ", but ", gone, " is gone");
      break;
    }
    const std::string reason = StringPropertyOr(blessing->second->custom_properties, "reason", "");
    *note = absl::StrCat("model #", model->id, " (", model->uri, ")",
                         reason.empty() ? "" : absl::StrCat(", blessed by hand: ", reason));
    chosen[model_key].push_back(*model);
    chosen[blessing_key].push_back(*blessing->second);
    break;
  }
  return chosen;
}

int64_t SpanOf(const Artifact& artifact) {
  return IntPropertyOr(artifact.properties, "span", IntPropertyOr(artifact.custom_properties, "span", -1));
}

absl::StatusOr<ArtifactDict> SpanRange(const Properties& config, const ArtifactDict& candidates, std::string* note) {
  tfx::configs::RangeConfig range;
  ASSIGN_OR_RETURN(const std::string json, StringProperty(config, "range_config"));
  RETURN_IF_ERROR(Annotate(io::ParseJson(json, &range), "SpanRangeStrategy's range_config"));
  if (range.rolling_range().num_spans() <= 0 && !range.has_static_range()) {
    return absl::InvalidArgumentError(
        "SpanRangeStrategy's range_config: expected a static_range, or a rolling_range of num_spans above 0");
  }
  ArtifactDict chosen;
  std::vector<std::string> notes;
  for (const auto& [key, artifacts] : candidates) {
    int64_t first = range.static_range().start_span_number(), last = range.static_range().end_span_number();
    if (range.has_rolling_range()) {
      last = -1;
      for (const Artifact& artifact : artifacts) last = std::max(last, SpanOf(artifact));
      first =
          std::max<int64_t>(range.rolling_range().start_span_number(), last - range.rolling_range().num_spans() + 1);
    }
    std::vector<Artifact>& in_range = chosen[key];
    for (const Artifact& artifact : artifacts) {
      const int64_t span = SpanOf(artifact);
      if (span >= 0 && span >= first && span <= last && WhatIsGone(artifact).empty()) in_range.push_back(artifact);
    }
    std::stable_sort(in_range.begin(), in_range.end(),
                     [](const Artifact& a, const Artifact& b) { return SpanOf(a) > SpanOf(b); });
    notes.push_back(absl::StrCat(in_range.size(), " of spans ", first, " to ", last));
  }
  *note = absl::StrJoin(notes, "; ");
  return chosen;
}

}  // namespace

bool IsResolverStrategy(absl::string_view strategy_class) {
  return absl::EndsWith(strategy_class, ".LatestArtifactStrategy") ||
         absl::EndsWith(strategy_class, ".LatestBlessedModelStrategy") ||
         absl::EndsWith(strategy_class, ".SpanRangeStrategy");
}

absl::StatusOr<ArtifactDict> ApplyResolverStrategy(absl::string_view strategy_class, const Properties& config,
                                                   const ArtifactDict& candidates, std::string* note) {
  if (absl::EndsWith(strategy_class, ".LatestArtifactStrategy")) return Latest(candidates, note);
  if (absl::EndsWith(strategy_class, ".LatestBlessedModelStrategy")) return LatestBlessedModel(candidates, note);
  if (absl::EndsWith(strategy_class, ".SpanRangeStrategy")) return SpanRange(config, candidates, note);
  return absl::InvalidArgumentError(
      absl::StrCat("unknown strategy_class \"", strategy_class,
                   "\"; there are kLatestArtifactStrategy, kLatestBlessedModelStrategy and kSpanRangeStrategy"));
}

}  // namespace tfxm

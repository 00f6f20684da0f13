#include "tfxm/orchestration/resolver.h"

#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/components/executor.h"

namespace tfxm {
namespace {

ArtifactDict Latest(const ArtifactDict& candidates) {
  ArtifactDict chosen;
  for (const auto& [key, artifacts] : candidates) {
    chosen[key];
    if (!artifacts.empty()) chosen[key].push_back(artifacts.back());
  }
  return chosen;
}

absl::StatusOr<ArtifactDict> LatestBlessedModel(const ArtifactDict& candidates) {
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
  if (model_key.empty() || blessing_key.empty()) return chosen;  // There is nothing yet.
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
    chosen[model_key].push_back(*model);
    chosen[blessing_key].push_back(*blessing->second);
    break;
  }
  return chosen;
}

}  // namespace

absl::StatusOr<ArtifactDict> ApplyResolverStrategy(absl::string_view strategy_class, const ArtifactDict& candidates) {
  if (absl::EndsWith(strategy_class, ".LatestArtifactStrategy")) return Latest(candidates);
  if (absl::EndsWith(strategy_class, ".LatestBlessedModelStrategy")) return LatestBlessedModel(candidates);
  return absl::InvalidArgumentError(
      absl::StrCat("unknown strategy_class \"", strategy_class,
                   "\"; there are kLatestArtifactStrategy and kLatestBlessedModelStrategy"));
}

}  // namespace tfxm

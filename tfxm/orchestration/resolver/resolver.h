// SPDX-License-Identifier: Apache-2.0

// The strategies of a Resolver: which of the artifacts of former runs it puts out.
#ifndef TFXM_ORCHESTRATION_RESOLVER_RESOLVER_H_
#define TFXM_ORCHESTRATION_RESOLVER_RESOLVER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/metadata/artifact.h"

namespace tfxm {

// `candidates`: for each key all live artifacts of its type (and producer) in the pipeline, in order of id. For each
// key the chosen one, or none. *note says for people what was found. INVALID_ARGUMENT names an unknown strategy.
//
// LatestArtifactStrategy: the newest. LatestBlessedModelStrategy, for a Model and a ModelBlessing: the newest model
// that a blessing names as its current_model_id, with that blessing. An artifact whose files are gone does not count, as the
// note says: an older one in its place would be a comparison that nobody asked for.
//
// SpanRangeStrategy: all whose span is in the range of config's "range_config" (tfx.configs.RangeConfig as JSON), the
// newest span first.
absl::StatusOr<ArtifactDict> ApplyResolverStrategy(absl::string_view strategy_class, const Properties& config,
                                                   const ArtifactDict& candidates, std::string* note);

// Whether there is such a strategy.
bool IsResolverStrategy(absl::string_view strategy_class);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_RESOLVER_RESOLVER_H_

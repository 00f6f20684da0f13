// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/internal/phase.h"

namespace tfxm::transform::internal {

absl::StatusOr<Phase> MakePhase(const std::vector<const AnalyzerNode*>& analyzers,
                                const std::vector<RawFeature>& features, ops::Graph& graph, int num_threads) {
  Phase phase{.analyzers = analyzers};
  std::vector<ops::Tensor> fetches;
  const auto source_of = [&](const ops::Tensor& input) {
    Phase::Source source;
    for (size_t f = 0; f < features.size(); ++f) {
      if (features[f].tensor.values().node() == input.node()) source.feature = static_cast<int>(f);
    }
    if (source.feature >= 0) {
      phase.used.insert(source.feature);
    } else {
      source.fetched = static_cast<int>(fetches.size());
      fetches.push_back(ops::Identity(input));  // What is fed cannot be fetched.
    }
    return source;
  };
  for (const AnalyzerNode* analyzer : analyzers) {
    std::vector<Phase::Source>& sources = phase.sources.emplace_back();
    for (const ops::Tensor& input : analyzer->inputs) sources.push_back(source_of(input));
  }
  if (!fetches.empty()) {
    ASSIGN_OR_RETURN(phase.program, MakeProgram(graph, features, fetches, num_threads));
    phase.used.insert(phase.program->features.begin(), phase.program->features.end());
  }
  return phase;
}

}  // namespace tfxm::transform::internal

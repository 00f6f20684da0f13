// SPDX-License-Identifier: Apache-2.0

// The splits of two artifacts that a component compares.
#ifndef TFXM_COMPONENTS_COMPARE_SPLIT_PAIRS_H_
#define TFXM_COMPONENTS_COMPARE_SPLIT_PAIRS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/metadata/artifact.h"

namespace tfxm {

// Those that the exec property include_split_pairs names, [["train", "eval"], …], a split of `test` first; without it, or
// if it is null, all pairs, or with only_same_names those of splits of one name. INVALID_ARGUMENT if an artifact has no
// such split or if there is no pair.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> SplitPairs(const Artifact& test, const Artifact& base,
                                                                            const Properties& exec_properties,
                                                                            bool only_same_names);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_COMPARE_SPLIT_PAIRS_H_

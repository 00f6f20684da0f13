// SPDX-License-Identifier: Apache-2.0

// What Trainer and Tuner have in common: FnArgs from a node's inputs and exec properties, as TFX's
// fn_args_utils.get_common_fn_args makes them.
#ifndef TFXM_COMPONENTS_TRAINER_FN_ARGS_H_
#define TFXM_COMPONENTS_TRAINER_FN_ARGS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/metadata/artifact.h"
#include "tfxm/nn/fn_args.h"

namespace tfxm {

// In a HyperParameters artifact, as TFX names it.
inline constexpr char kBestHyperparametersFile[] = "best_hyperparameters.txt";

// The file of the input artifact "hyperparameters", which a Tuner has written; "" without one.
std::string HyperparametersFile(const ArtifactDict& inputs);

// Everything but the folders that the function writes to. Errors name the exec property, or the split that the examples
// lack and which parameter of `component` says which it takes.
absl::StatusOr<FnArgs> MakeFnArgs(absl::string_view component, const ArtifactDict& inputs,
                                  const Properties& exec_properties);

// A function's error, with the hint that a split it was given has no example (--allow_empty_splits), if that is so.
absl::Status WithEmptySplits(const absl::Status& status, const FnArgs& fn_args);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_TRAINER_FN_ARGS_H_

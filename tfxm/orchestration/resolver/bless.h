// SPDX-License-Identifier: Apache-2.0

// Blesses a model by hand: the way out where no comparison with the latest blessed model is possible or wanted, as when
// the model's inputs have changed.
//
//   ASSIGN_OR_RETURN(auto store, MetadataStore::Open("runs/taxi/metadata.db", database::Mode::kReadWrite));
//   ASSIGN_OR_RETURN(int64_t blessing, BlessModel(store.get(), "17", "the fare is in cents from now on"));
#ifndef TFXM_ORCHESTRATION_RESOLVER_BLESS_H_
#define TFXM_ORCHESTRATION_RESOLVER_BLESS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/metadata/metadata_store.h"

namespace tfxm {

// Records a ModelBlessing of the artifact, given by id or uri, by an execution of type tfxm.orchestration.Bless that
// keeps the reason: a LatestBlessedModelStrategy finds the model from the next run on, and the lineage tells why. It
// belongs to the model's pipelines and to the nodes that have evaluated it, so that Resolvers which look at one branch
// only see it, too. The blessing's id. INVALID_ARGUMENT if it is not a Model or there is no reason; NOT_FOUND if its
// files are gone.
absl::StatusOr<int64_t> BlessModel(MetadataStore* store, absl::string_view model, absl::string_view reason);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_RESOLVER_BLESS_H_

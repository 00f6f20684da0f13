// What a metadata store knows, for people to read.
//
//   ASSIGN_OR_RETURN(auto store, MetadataStore::Open("runs/mnist/metadata.db", sqlite::Mode::kReadOnly));
//   ASSIGN_OR_RETURN(std::string text, DescribeRuns(store.get()));
#ifndef TFXM_ORCHESTRATION_LINEAGE_H_
#define TFXM_ORCHESTRATION_LINEAGE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/metadata/metadata_store.h"

namespace tfxm {

// Each run with its executions, their states and times, and the artifacts that they put out. `last` > 0: only so many
// runs, the newest.
absl::StatusOr<std::string> DescribeRuns(MetadataStore* store, int last = 0);

// Where an artifact, given by its id or its uri, comes from: the execution that made it, what that read, and so on, as
// a tree. An artifact that occurs again is named, not repeated. NOT_FOUND if there is no such artifact.
absl::StatusOr<std::string> DescribeAncestry(MetadataStore* store, absl::string_view id_or_uri);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_LINEAGE_H_

// SPDX-License-Identifier: Apache-2.0

// What a metadata store knows, for people to read.
//
//   ASSIGN_OR_RETURN(auto store, MetadataStore::Open("runs/mnist/metadata.db", database::Mode::kReadOnly));
//   ASSIGN_OR_RETURN(std::string text, DescribeRuns(store.get()));
#ifndef TFXM_ORCHESTRATION_LINEAGE_LINEAGE_H_
#define TFXM_ORCHESTRATION_LINEAGE_LINEAGE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ml_metadata/proto/metadata_store.pb.h"
#include "tfxm/metadata/metadata_store.h"

namespace tfxm {

enum class LineageFormat { kText, kJson, kDot };
// INVALID_ARGUMENT if it is none of "text", "json" and "dot".
absl::StatusOr<LineageFormat> ParseLineageFormat(absl::string_view name);

// Each run with its executions, their states and times, and the artifacts that they put out. `last` > 0: only so many
// runs, the newest. `width`: the columns of the terminal; 0: as wide as it gets. JSON and dot also have what the
// executions read (lineage_graph.h).
absl::StatusOr<std::string> DescribeRuns(MetadataStore* store, int last = 0,
                                         LineageFormat format = LineageFormat::kText, int width = 0);

// Where an artifact, given by its id or its uri, comes from: the execution that made it, what that read, and so on, as
// a tree. An artifact that occurs again is named, not repeated. NOT_FOUND if there is no such artifact.
absl::StatusOr<std::string> DescribeAncestry(MetadataStore* store, absl::string_view id_or_uri,
                                             LineageFormat format = LineageFormat::kText);
// What has come of it: the executions that read it, what those made, and so on; and at the end which models have been
// pushed somewhere.
absl::StatusOr<std::string> DescribeDescendants(MetadataStore* store, absl::string_view id_or_uri,
                                                LineageFormat format = LineageFormat::kText);

// The artifact of that id, or the newest of that uri.
absl::StatusOr<ml_metadata::Artifact> FindArtifact(MetadataStore* store, absl::string_view id_or_uri);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_LINEAGE_LINEAGE_H_

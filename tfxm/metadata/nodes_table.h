// SPDX-License-Identifier: Apache-2.0

// The rows of Artifact, Execution and Context with their properties: MLMD calls the three the nodes of the lineage
// graph.
#ifndef TFXM_METADATA_NODES_TABLE_H_
#define TFXM_METADATA_NODES_TABLE_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ml_metadata/proto/metadata_store.pb.h"
#include "tfxm/metadata/database.h"

namespace tfxm {

// Defined for Artifact, Execution and Context. Inserts, or updates the one of that id.
template <typename Node>
absl::StatusOr<int64_t> PutNode(database::Database* db, const Node& node);

// The nodes for which `condition` (SQL on `node`, a row of the table, and `type`, its row in Type) holds, in order of
// id.
template <typename Node>
absl::StatusOr<std::vector<Node>> GetNodes(database::Database* db, absl::string_view condition,
                                           absl::Span<const std::variant<int64_t, std::string>> parameters);

}  // namespace tfxm

#endif  // TFXM_METADATA_NODES_TABLE_H_

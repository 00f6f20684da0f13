// SPDX-License-Identifier: Apache-2.0

// Function calls of a graph, replaced by the functions' bodies. Includes TensorFlow's protos: for .cc files.
#ifndef TFXM_SAVED_MODEL_INTERNAL_INLINE_CALLS_H_
#define TFXM_SAVED_MODEL_INTERNAL_INLINE_CALLS_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "tensorflow/core/framework/graph.pb.h"

namespace tfxm::internal {

// Inlines every PartitionedCall and StatefulPartitionedCall, also those inside of other calls (functions that control
// flow refers to stay). A tensor of an inlined call has no name any more: for each entry of `names` an Identity node of
// that name is added, of the tensor "node:index" that is its value.
absl::Status InlineCalls(const std::map<std::string, std::string>& names, tensorflow::GraphDef* graph_def);

}  // namespace tfxm::internal

#endif  // TFXM_SAVED_MODEL_INTERNAL_INLINE_CALLS_H_

// SPDX-License-Identifier: Apache-2.0

// How much memory TFLite's runtime sets aside for a model's activations: its arena, planned as the runtime plans it.
#ifndef TFXM_LITERT_INTERNAL_ARENA_H_
#define TFXM_LITERT_INTERNAL_ARENA_H_

#include <cstdint>

namespace tfxm::schema {
struct Model;
struct SubGraph;
}  // namespace tfxm::schema

namespace tfxm::litert {

// The size in bytes of the arena that holds the inputs, outputs and intermediate results of `graph`, dynamic dimensions
// taken as 1: inputs live for the whole run, outputs until its end, what is between from its operator to its last
// reader, and what is never alive at the same time shares memory. The kernels' own scratch memory and the weights are
// not in it, and XNNPACK keeps what is between the operators it takes in a workspace of its own, of about this size.
int64_t PlannedArenaBytes(const schema::Model& model, const schema::SubGraph& graph);

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_INTERNAL_ARENA_H_

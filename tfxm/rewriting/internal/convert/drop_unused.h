// SPDX-License-Identifier: Apache-2.0

// Cleans up after an edit of a TFLite model.
#ifndef TFXM_REWRITING_INTERNAL_CONVERT_DROP_UNUSED_H_
#define TFXM_REWRITING_INTERNAL_CONVERT_DROP_UNUSED_H_

namespace tfxm::schema {
struct ModelT;
}

namespace tfxm::rewriting {

// Removes tensors, buffers and operator kinds that nothing uses any more.
void DropUnused(schema::ModelT& model);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_CONVERT_DROP_UNUSED_H_

// SPDX-License-Identifier: Apache-2.0

// Ranges of what goes round in a loop. Calibration sees a loop over the batch (tf.map_fn) once for each example: what it
// carries is 0 when the body reads it, and what the body has made of it is read by nobody. With more examples it is, and
// a range of [0, 0] would make zeros of it.
#ifndef TFXM_REWRITING_INTERNAL_QUANTIZE_LOOP_RANGES_H_
#define TFXM_REWRITING_INTERNAL_QUANTIZE_LOOP_RANGES_H_

#include "tfxm/litert/flatbuffer.h"
#include "tfxm/rewriting/internal/convert/model_edit.h"

namespace tfxm::rewriting {

// Of each value that a WHILE carries: the range of all that it ever is, before the loop, in it and behind it.
void JoinLoopRanges(const schema::Model& model, Ranges* ranges);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_QUANTIZE_LOOP_RANGES_H_

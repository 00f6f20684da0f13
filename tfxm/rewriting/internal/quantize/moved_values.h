// SPDX-License-Identifier: Apache-2.0

// Operators that move values, whose int8 kernels take the bytes as they are, where the quantizer gave what goes in and
// what comes out other scales: what comes out is something else then.
#ifndef TFXM_REWRITING_INTERNAL_QUANTIZE_MOVED_VALUES_H_
#define TFXM_REWRITING_INTERNAL_QUANTIZE_MOVED_VALUES_H_

#include <string>
#include <utility>
#include <vector>

#include "tflite_generated.h"

namespace tfxm::rewriting {

// Whether a float model has operators that FindMovedWrongly looks at.
bool MovesValues(const schema::Model& model);

// The first result of each, by the name it has in `float_model`, and why it has to stay in float:
//   REVERSE_V2        the scales of input and result differ, because another operator shares the latter's
//   ONE_HOT           the constant "off" of 0 has a scale of its own, in which 0 is another byte
//   SCATTER_ND        where nothing goes, bytes of 0 stay, which is another value unless the zero point is 0
//   REVERSE_SEQUENCE  LiteRT has no int8 kernel of it
std::vector<std::pair<std::string, std::string>> FindMovedWrongly(const schema::Model& quantized,
                                                                  const schema::Model& float_model);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_QUANTIZE_MOVED_VALUES_H_

// SPDX-License-Identifier: Apache-2.0

// Of a file that should be smaller or compute in integers and is as with quantization none: why, and what to do.
//
//   if (auto why = NothingQuantized(*file, mode, options); !why.empty()) notes.push_back(why);
#ifndef TFXM_REWRITING_VALIDATION_NOTHING_QUANTIZED_H_
#define TFXM_REWRITING_VALIDATION_NOTHING_QUANTIZED_H_

#include <string>

#include "tfxm/litert/flatbuffer.h"
#include "tfxm/rewriting/rewriter_options.h"

namespace tfxm::rewriting {

// Empty if something is quantized, or nothing was asked for: of int8 and int16x8 an operator, of float16, dynamic_range
// and int4 a weight.
std::string NothingQuantized(const litert::ModelFile& file, QuantizationMode mode, const RewriterOptions& options);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_VALIDATION_NOTHING_QUANTIZED_H_

// SPDX-License-Identifier: Apache-2.0

// Dilated convolutions that the converter has left as several operators.
#ifndef TFXM_REWRITING_INTERNAL_CONVERT_DILATION_NOTES_H_
#define TFXM_REWRITING_INTERNAL_CONVERT_DILATION_NOTES_H_

#include <string>
#include <vector>

#include "tfxm/litert/flatbuffer.h"

namespace tfxm::rewriting {

// What stayed and what it costs, one line for all; none if there is none.
std::vector<std::string> DilationNotes(const litert::ModelFile& model);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_CONVERT_DILATION_NOTES_H_

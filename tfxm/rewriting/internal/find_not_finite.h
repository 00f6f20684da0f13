// SPDX-License-Identifier: Apache-2.0

// Where in a TFLite model NaN or infinity comes from, or gets lost.
#ifndef TFXM_REWRITING_INTERNAL_FIND_NOT_FINITE_H_
#define TFXM_REWRITING_INTERNAL_FIND_NOT_FINITE_H_

#include <memory>
#include <string>

#include "tfxm/litert/flatbuffer.h"
#include "tfxm/rewriting/rewriter_options.h"

namespace tfxm::rewriting {

// The first operator, `EXP "name of its result"`, that makes such values (`made`), all its inputs being finite, or that
// makes numbers of them. Empty: there is none to be seen.
std::string FindNotFinite(const std::shared_ptr<const litert::ModelFile>& model, const std::string& signature,
                          const Sample& sample, bool made);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_FIND_NOT_FINITE_H_

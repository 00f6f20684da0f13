// SPDX-License-Identifier: Apache-2.0

// The checks behind ModelFile: see flatbuffer.h.
#ifndef TFXM_LITERT_INTERNAL_VERIFY_H_
#define TFXM_LITERT_INTERNAL_VERIFY_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tfxm::litert {

// OK if `bytes` is a TFLite model in which every offset, index and size fits. INVALID_ARGUMENT says what does not.
absl::Status VerifyModel(absl::string_view bytes);

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_INTERNAL_VERIFY_H_

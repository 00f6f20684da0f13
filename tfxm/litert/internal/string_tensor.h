// SPDX-License-Identifier: Apache-2.0

// Strings as TFLite's tensors hold them: how many there are, where each begins and the last ends in bytes from the
// start (all int32), then the bytes.
#ifndef TFXM_LITERT_INTERNAL_STRING_TENSOR_H_
#define TFXM_LITERT_INTERNAL_STRING_TENSOR_H_

#include <span>
#include <string>
#include <vector>

namespace tfxm::litert {

std::string PackStrings(std::span<const std::string> values);
// Of ill-formed bytes, as many strings as make sense.
std::vector<std::string> UnpackStrings(std::span<const char> bytes);

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_INTERNAL_STRING_TENSOR_H_

// SPDX-License-Identifier: Apache-2.0

#ifndef TFXM_STATISTICS_TEXT_UTF8_H_
#define TFXM_STATISTICS_TEXT_UTF8_H_

#include "absl/strings/string_view.h"

namespace tfxm::statistics {

// Whether `text` is well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, at most U+10FFFF.
bool IsValidUtf8(absl::string_view text);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_TEXT_UTF8_H_

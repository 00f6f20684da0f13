// SPDX-License-Identifier: Apache-2.0

// Text in the tables of statistics_display.
#ifndef TFXM_STATISTICS_TEXT_DISPLAY_TEXT_H_
#define TFXM_STATISTICS_TEXT_DISPLAY_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tfxm::statistics {

// PrintableText (util/text/text.h), beyond max_width cells of a terminal cut and ended by "…".
std::string Printable(absl::string_view text, int max_width);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_TEXT_DISPLAY_TEXT_H_

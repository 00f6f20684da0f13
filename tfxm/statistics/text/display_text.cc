// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/text/display_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tfxm/util/text/text.h"

namespace tfxm::statistics {

std::string Printable(absl::string_view text, int max_width) {
  std::string printable = PrintableText(text);
  if (DisplayWidth(printable) <= max_width) return printable;
  size_t end = 0;
  for (int width = 0; end < printable.size();) {
    const absl::string_view rest = absl::string_view(printable).substr(end);
    const int length = std::max(1, Utf8SequenceLength(rest));
    width += DisplayWidth(rest.substr(0, length));
    if (width >= max_width) break;
    end += length;
  }
  return printable.substr(0, end) + "…";
}

}  // namespace tfxm::statistics

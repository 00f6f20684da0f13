// Text and numbers as people and programs read them: shared by reports, tables and JSON.
#ifndef TFXM_UTIL_TEXT_H_
#define TFXM_UTIL_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tfxm {

// The text itself if it is UTF-8 without control characters; else each offending byte as "\xNN".
std::string PrintableText(absl::string_view bytes);

bool IsUtf8(absl::string_view bytes);

// Columns a terminal needs for UTF-8 text, one for each code point.
int DisplayWidth(absl::string_view utf8);

// A double so that it reads back the same: the shortest such decimal. "NaN", "Infinity", "-Infinity".
std::string ExactNumber(double x);
// For people: six significant digits, counts without a point. "NaN", "∞", "-∞".
std::string ShortNumber(double x);

}  // namespace tfxm

#endif  // TFXM_UTIL_TEXT_H_

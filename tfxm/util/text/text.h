// SPDX-License-Identifier: Apache-2.0

// Text and numbers as people and programs read them: shared by reports, tables and JSON.
#ifndef TFXM_UTIL_TEXT_TEXT_H_
#define TFXM_UTIL_TEXT_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace tfxm {

// Text of data, names and stores for a terminal or a page: itself, but what is not UTF-8 and control characters become
// "\xNN", and characters that change how others are shown, and would let text look like what it is not, "\uNNNN":
// U+0080 to U+009F, and those for direction (U+200E, U+200F, U+061C, U+202A to U+202E, U+2066 to U+2069), line and
// paragraph separators, invisible operators and tags.
std::string PrintableText(absl::string_view bytes);
// The same for text of several lines: line feeds and tabs stay.
std::string PrintableLines(absl::string_view text);
// Whether a code point is one of those that PrintableText writes as "\uNNNN".
bool ChangesOthers(uint32_t code_point);

bool IsUtf8(absl::string_view bytes);
// Length of the well-formed UTF-8 sequence at the start of `bytes` (RFC 3629), 0 if there is none.
int Utf8SequenceLength(absl::string_view bytes);
// The code point of such a sequence.
uint32_t DecodeUtf8(absl::string_view bytes, int length);

// Cells a terminal needs for UTF-8 text: two for an East Asian wide character, none for a combining one.
int DisplayWidth(absl::string_view utf8);
// The columns of the terminal that standard output is: $COLUMNS if that is a number; 0 (no limit) if it is not one.
int TerminalWidth();

// A double so that it reads back the same: the shortest such decimal. "NaN", "Infinity", "-Infinity".
std::string ExactNumber(double x);
// For people: six significant digits, counts without a point. "NaN", "∞", "-∞".
std::string ShortNumber(double x);

}  // namespace tfxm

#endif  // TFXM_UTIL_TEXT_TEXT_H_

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/text/text.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/util/text/code_point_width.h"

namespace tfxm {

int Utf8SequenceLength(absl::string_view s) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(s[i]); };
  const uint8_t b = byte(0);
  if (b < 0x80) return 1;
  const int length = b >= 0xc2 && b < 0xe0 ? 2 : b >= 0xe0 && b < 0xf0 ? 3 : b >= 0xf0 && b < 0xf5 ? 4 : 0;
  if (length == 0 || s.size() < static_cast<size_t>(length)) return 0;
  for (int i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and code points above U+10FFFF.
  if ((b == 0xe0 && byte(1) < 0xa0) || (b == 0xed && byte(1) > 0x9f) || (b == 0xf0 && byte(1) < 0x90) ||
      (b == 0xf4 && byte(1) > 0x8f)) {
    return 0;
  }
  return length;
}

uint32_t DecodeUtf8(absl::string_view s, int length) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(s[i])); };
  if (length == 1) return byte(0);
  uint32_t code_point = byte(0) & (0xffu >> (length + 1));
  for (int i = 1; i < length; ++i) code_point = (code_point << 6) | (byte(i) & 0x3f);
  return code_point;
}

namespace {

std::string MakePrintable(absl::string_view bytes, absl::string_view kept) {
  std::string text;
  while (!bytes.empty()) {
    const uint8_t b = static_cast<uint8_t>(bytes[0]);
    const bool is_control = (b < 0x20 || b == 0x7f) && !absl::StrContains(kept, bytes[0]);
    const int length = is_control ? 0 : Utf8SequenceLength(bytes);
    if (length == 0) {
      absl::StrAppendFormat(&text, "\\x%02x", b);
      bytes.remove_prefix(1);
      continue;
    }
    const uint32_t code_point = DecodeUtf8(bytes, length);
    if (ChangesOthers(code_point) && code_point > 0xffff) {
      absl::StrAppendFormat(&text, "\\U%08x", code_point);
    } else if (ChangesOthers(code_point)) {
      absl::StrAppendFormat(&text, "\\u%04x", code_point);
    } else {
      text.append(bytes.substr(0, length));
    }
    bytes.remove_prefix(length);
  }
  return text;
}

}  // namespace

bool ChangesOthers(uint32_t c) {
  return (c >= 0x80 && c <= 0x9f) || c == 0x61c || c == 0x180e || c == 0x200e || c == 0x200f ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
         (c >= 0xe0000 && c <= 0xe007f);
}

std::string PrintableText(absl::string_view bytes) { return MakePrintable(bytes, ""); }

std::string PrintableLines(absl::string_view text) { return MakePrintable(text, "\n\t"); }

bool IsUtf8(absl::string_view bytes) {
  while (!bytes.empty()) {
    // Most text is ASCII: eight characters at a time.
    size_t ascii = 0;
    for (uint64_t word; ascii + sizeof(word) <= bytes.size(); ascii += sizeof(word)) {
      std::memcpy(&word, bytes.data() + ascii, sizeof(word));
      if ((word & 0x8080808080808080u) != 0) break;
    }
    bytes.remove_prefix(ascii);
    if (bytes.empty()) break;
    const int length = Utf8SequenceLength(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

int DisplayWidth(absl::string_view utf8) {
  int width = 0;
  while (!utf8.empty()) {
    const int length = Utf8SequenceLength(utf8);
    width += length == 0 ? 1 : CodePointWidth(DecodeUtf8(utf8, length));
    utf8.remove_prefix(std::max(1, length));
  }
  return width;
}

int TerminalWidth() {
  int columns = 0;
  if (const char* value = std::getenv("COLUMNS");
      value != nullptr && absl::SimpleAtoi(value, &columns) && columns > 0) {
    return columns;
  }
  winsize size{};
  return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

std::string ExactNumber(double x) {
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x > 0 ? "Infinity" : "-Infinity";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), x).ptr;
  return std::string(buffer, end);
}

std::string ShortNumber(double x) {
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x > 0 ? "∞" : "-∞";
  if (x == std::rint(x) && std::abs(x) < 1e12) return absl::StrFormat("%.0f", x == 0 ? 0.0 : x);
  return absl::StrFormat("%.6g", x);
}

}  // namespace tfxm

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/tables/internal/csv_cells.h"

#include <charconv>
#include <cmath>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/charconv.h"
#include "absl/strings/match.h"

namespace tfxm::tables {
namespace {

using data::ValueType;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Without the white space and the underscores that Python allows; nothing if an underscore is not between two digits.
// `storage` holds the result if it is not a part of `cell`.
std::optional<absl::string_view> Plain(absl::string_view cell, std::string* storage) {
  cell = absl::StripAsciiWhitespace(cell);
  if (!absl::StrContains(cell, '_')) return cell;
  storage->clear();
  for (size_t i = 0; i < cell.size(); ++i) {
    if (cell[i] != '_') {
      storage->push_back(cell[i]);
    } else if (i == 0 || i + 1 == cell.size() || !IsDigit(cell[i - 1]) || !IsDigit(cell[i + 1])) {
      return std::nullopt;
    }
  }
  return *storage;
}

enum class Int { kNot, kFits, kTooLarge };

Int ReadInt(absl::string_view cell, int64_t* value) {
  std::string storage;
  const std::optional<absl::string_view> plain = Plain(cell, &storage);
  if (!plain.has_value() || plain->empty()) return Int::kNot;
  absl::string_view text = *plain;
  if (text[0] == '+') {
    text.remove_prefix(1);
    if (text.empty() || !IsDigit(text[0])) return Int::kNot;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return Int::kNot;
  return error == std::errc::result_out_of_range ? Int::kTooLarge : Int::kFits;
}

}  // namespace

std::optional<int64_t> ParseIntCell(absl::string_view cell) {
  int64_t value;
  if (ReadInt(cell, &value) != Int::kFits) return std::nullopt;
  return value;
}

std::optional<double> ParseFloatCell(absl::string_view cell) {
  std::string storage;
  const std::optional<absl::string_view> plain = Plain(cell, &storage);
  if (!plain.has_value() || plain->empty()) return std::nullopt;
  absl::string_view text = *plain;
  if (text[0] == '+') {
    text.remove_prefix(1);
    if (text.empty() || text[0] == '-' || text[0] == '+') return std::nullopt;
  }
  if (text.find_first_of("(xX") != absl::string_view::npos) return std::nullopt;  // "nan(1)" and "0x10" are C's.
  double value;
  const auto [end, error] = absl::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
  // A number that is too large is infinite, one that is too small 0, as in Python.
  if (error == std::errc::result_out_of_range && std::abs(value) > 1) return std::copysign(HUGE_VAL, value);
  return value;
}

ValueType TypeOfCell(absl::string_view cell) {
  if (cell.empty()) return ValueType::kUnknown;
  int64_t value;
  switch (ReadInt(cell, &value)) {
    case Int::kFits: return ValueType::kInt;
    case Int::kTooLarge: return ValueType::kBytes;
    case Int::kNot: break;
  }
  return ParseFloatCell(cell).has_value() ? ValueType::kFloat : ValueType::kBytes;
}

}  // namespace tfxm::tables

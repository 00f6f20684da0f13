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

// What most numbers are: [-]digits[.digits], of at most 18 digits.
struct Decimal {
  int64_t digits = 0;
  int places = 0;  // Of the digits, those behind the point.
  bool negative = false, has_point = false;
};

inline bool ReadDecimal(absl::string_view cell, Decimal* decimal) {
  const char* p = cell.data();
  const char* const end = p + cell.size();
  decimal->negative = p != end && *p == '-';
  if (decimal->negative) ++p;
  if (p == end || end - p > 19) return false;
  uint64_t digits = 0;
  const char* point = nullptr;
  for (; p != end; ++p) {
    if (IsDigit(*p)) {
      digits = 10 * digits + static_cast<uint64_t>(*p - '0');
    } else if (*p == '.' && point == nullptr) {
      point = p;
    } else {
      return false;
    }
  }
  const ptrdiff_t num_digits = end - cell.data() - (decimal->negative ? 1 : 0) - (point != nullptr ? 1 : 0);
  if (num_digits == 0 || num_digits > 18) return false;
  decimal->digits = static_cast<int64_t>(digits);
  decimal->has_point = point != nullptr;
  decimal->places = point != nullptr ? static_cast<int>(end - point - 1) : 0;
  return true;
}

// The double that is nearest to it, if one division of two doubles that are exact gives it.
inline bool ToDouble(const Decimal& decimal, double* value) {
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                       1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
  if (decimal.digits > int64_t{1} << 53) return false;
  const double size = static_cast<double>(decimal.digits) / kPowers[decimal.places];
  *value = decimal.negative ? -size : size;
  return true;
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
  if (Decimal decimal; ReadDecimal(cell, &decimal)) {
    if (decimal.has_point) return std::nullopt;
    return decimal.negative ? -decimal.digits : decimal.digits;
  }
  int64_t value;
  if (ReadInt(cell, &value) != Int::kFits) return std::nullopt;
  return value;
}

std::optional<double> ParseFloatCell(absl::string_view cell) {
  double value;
  if (Decimal decimal; ReadDecimal(cell, &decimal) && ToDouble(decimal, &value)) return value;
  std::string storage;
  const std::optional<absl::string_view> plain = Plain(cell, &storage);
  if (!plain.has_value() || plain->empty()) return std::nullopt;
  absl::string_view text = *plain;
  if (text[0] == '+') {
    text.remove_prefix(1);
    if (text.empty() || text[0] == '-' || text[0] == '+') return std::nullopt;
  }
  if (text.find_first_of("(xX") != absl::string_view::npos) return std::nullopt;  // "nan(1)" and "0x10" are C's.
  const auto [end, error] = absl::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
  // A number that is too large is infinite, one that is too small 0, as in Python.
  if (error == std::errc::result_out_of_range && std::abs(value) > 1) return std::copysign(HUGE_VAL, value);
  return value;
}

ValueType TypeOfCell(absl::string_view cell) {
  if (cell.empty()) return ValueType::kUnknown;
  if (Decimal decimal; ReadDecimal(cell, &decimal)) return decimal.has_point ? ValueType::kFloat : ValueType::kInt;
  int64_t value;
  switch (ReadInt(cell, &value)) {
    case Int::kFits: return ValueType::kInt;
    case Int::kTooLarge: return ValueType::kBytes;
    case Int::kNot: break;
  }
  return ParseFloatCell(cell).has_value() ? ValueType::kFloat : ValueType::kBytes;
}

}  // namespace tfxm::tables

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/tables/internal/csv_numbers.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tfxm/util/text/text.h"

namespace tfxm::tables {
namespace {

using data::ValueType;

bool AreDigits(absl::string_view text) { return std::all_of(text.begin(), text.end(), absl::ascii_isdigit); }

// "1.234.567", or without separators.
bool IsGrouped(absl::string_view text, char separator) {
  bool is_first = true;
  for (const absl::string_view group : absl::StrSplit(text, separator)) {
    const bool fits =
        is_first ? !group.empty() && (group.size() <= 3 || group.size() == text.size()) : group.size() == 3;
    if (!fits || !AreDigits(group)) return false;
    is_first = false;
  }
  return true;
}

}  // namespace

bool MeansMissing(absl::string_view cell) {
  static constexpr std::array<absl::string_view, 13> kWords = {"na", "n/a", "#n/a", "null", "none",    "nil", "-",
                                                               "--", "?",   ".",    "<na>", "missing", "\\n"};
  const std::string word = absl::AsciiStrToLower(absl::StripAsciiWhitespace(cell));
  return word.empty() || std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

bool IsNumberWithCommas(absl::string_view cell) {
  cell = absl::StripAsciiWhitespace(cell);
  if (!cell.empty() && (cell[0] == '-' || cell[0] == '+')) cell.remove_prefix(1);
  const size_t comma = cell.find(',');
  if (comma == absl::string_view::npos) return false;
  const absl::string_view behind = cell.substr(comma + 1);
  if (!behind.empty() && AreDigits(behind) && (comma == 0 || IsGrouped(cell.substr(0, comma), '.'))) return true;
  const size_t point = cell.find('.');
  return IsGrouped(cell.substr(0, point), ',') &&
         (point == absl::string_view::npos || AreDigits(cell.substr(point + 1)));
}

void TypeDoubts::AddUnusual(absl::string_view cell, ValueType type, int64_t row) {
  if (type == ValueType::kBytes) {
    const bool has_commas = IsNumberWithCommas(cell);
    has_number_ |= has_commas;
    is_text_ |= !has_commas && !MeansMissing(cell);
    if (near_.row < 0) near_ = {row, std::string(cell), ""};
  } else if (code_.row < 0 && AreDigits(cell)) {
    code_ = {row, std::string(cell), ""};
  }
}

void TypeDoubts::SetPlaces(absl::FunctionRef<std::string(int64_t row)> place_of) {
  for (Cell* const cell : {&near_, &code_}) {
    if (cell->row >= 0 && cell->place.empty() && !is_text_) cell->place = place_of(cell->row);
  }
}

void TypeDoubts::Merge(const TypeDoubts& next) {
  is_text_ |= next.is_text_;
  has_number_ |= next.has_number_;
  if (near_.row < 0) near_ = next.near_;
  if (code_.row < 0) code_ = next.code_;
}

std::string TypeDoubts::Warning(absl::string_view column, ValueType type) const {
  const auto about = [&](const Cell& cell) {
    return absl::StrCat(cell.place, ": column \"", PrintableText(column), "\": \"", PrintableText(cell.text), "\"");
  };
  if (type == ValueType::kBytes && !is_text_ && has_number_ && near_.row >= 0) {
    return absl::StrCat(about(near_),
                        " is not a number, so that the column is text, as in TFX, although its cells seem to "
                        "be numbers. ",
                        IsNumberWithCommas(near_.text)
                            ? "If they are, write them with a point and without separators of thousands: 1234.5"
                            : "If it stands for a value that is missing, leave the cell empty");
  }
  if ((type == ValueType::kInt || type == ValueType::kFloat) && code_.row >= 0) {
    return absl::StrCat(about(code_),
                        " becomes a number without the zeros in front, as in TFX. If it is a code, let a "
                        "schema say BYTES, which keeps all digits");
  }
  return "";
}

}  // namespace tfxm::tables

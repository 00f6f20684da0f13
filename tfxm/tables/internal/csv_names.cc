// SPDX-License-Identifier: Apache-2.0

#include "tfxm/tables/internal/csv_names.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/tables/internal/csv_cells.h"
#include "tfxm/util/text/text.h"

namespace tfxm::tables {
namespace {

// Numbers that count columns: 0, 1, … as some programs call those that have no names, or four at least with the same
// distance, as years.
bool AreCounted(const std::vector<double>& numbers) {
  if (numbers.size() < 2) return false;
  const double step = numbers[1] - numbers[0];
  for (size_t i = 2; i < numbers.size(); ++i) {
    if (numbers[i] - numbers[i - 1] != step) return false;
  }
  return step != 0 && ((numbers[0] == 0 && step == 1) || numbers.size() >= 4);
}

// "2026-11-30 9h" -> "0000-00-00 0a".
std::string Shape(absl::string_view text) {
  std::string shape(text);
  for (char& c : shape) c = absl::ascii_isdigit(c) ? '0' : absl::ascii_isalpha(c) ? 'a' : c;
  return shape;
}

bool IsLikeCells(const std::string& name, const std::vector<absl::string_view>& cells, bool numbers_are_data) {
  if (name.empty()) return false;
  const auto first = std::find_if(cells.begin(), cells.end(), [](absl::string_view cell) { return !cell.empty(); });
  if (first == cells.end()) return false;
  if (ParseFloatCell(name).has_value()) return numbers_are_data && ParseFloatCell(*first).has_value();
  if (absl::ascii_isdigit(name[0]) && Shape(name) == Shape(*first)) return true;
  return std::find(cells.begin(), cells.end(), name) != cells.end();
}

}  // namespace

bool LooksLikeRow(const std::vector<std::string>& names) {
  std::vector<double> numbers;
  for (const std::string& name : names) {
    if (const std::optional<double> number = ParseFloatCell(name)) numbers.push_back(*number);
  }
  return !numbers.empty() && !AreCounted(numbers);
}

std::string WhyNamesLookLikeData(const std::vector<std::string>& names, const CsvCells& cells) {
  const bool numbers_are_data = LooksLikeRow(names);
  std::vector<size_t> like;
  for (size_t c = 0; c < names.size(); ++c) {
    if (IsLikeCells(names[c], cells.Column(static_cast<int>(c)), numbers_are_data)) like.push_back(c);
  }
  if (like.empty() || 2 * like.size() < names.size()) return "";
  return absl::StrCat(cells.block().file,
                      ": the first line, which is taken for the names of the columns, looks like data: ", like.size(),
                      " of ", names.size(), " names are as the cells below them, \"",
                      PrintableText(absl::string_view(names[like[0]]).substr(0, 40)), "\" is the first. ",
                      kNamesAdvice);
}

std::vector<std::string> UnusualNames(const std::string& file, const std::vector<std::string>& names) {
  std::vector<std::string> out;
  if (names.size() > 1 && names[0].empty()) {
    out.push_back(absl::StrCat(file,
                               ": the first column has no name, as where pandas writes its index (index=False leaves "
                               "it out); its feature is called \"\""));
  }
  for (const std::string& name : names) {
    if (absl::StripAsciiWhitespace(name).size() == name.size()) continue;
    out.push_back(absl::StrCat(file, ": column \"", PrintableText(name),
                               "\" has white space in its name, which belongs to "
                               "the feature's; take it out of the first line if that is not meant"));
    break;  // The others will have it, too.
  }
  return out;
}

std::string WhyDelimiterIsDoubtful(const std::vector<std::string>& names, const CsvCells& cells) {
  if (names.size() != 1 || cells.num_rows() == 0) return "";
  const std::string advice = DelimiterAdvice(names[0], cells.Column(0)[0]);
  if (advice.empty()) return "";
  return absl::StrCat(cells.block().file, ": one column, \"", PrintableText(names[0].substr(0, 80)), "\". ", advice);
}

}  // namespace tfxm::tables

#include "tfxm/statistics/text_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace tfxm::statistics {
namespace {

bool StartsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

size_t Length(absl::string_view text) { return std::count_if(text.begin(), text.end(), StartsCodePoint); }

}  // namespace

void TextTable::AddRow(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string TextTable::Text() const {
  std::vector<size_t> widths;
  for (size_t c = 0; c < columns_.size(); ++c) {
    widths.push_back(Length(columns_[c].title));
    for (const auto& row : rows_) widths[c] = std::max(widths[c], Length(row[c]));
  }
  std::string text;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    for (size_t c = 0; c < columns_.size(); ++c) {
      const std::string& cell = cell_of(c);
      const std::string padding(widths[c] - Length(cell), ' ');
      if (c > 0) line += "  ";
      absl::StrAppend(&line, columns_[c].alignment == kRight ? padding : "", cell,
                      columns_[c].alignment == kLeft ? padding : "");
    }
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, line, "\n");
  };
  add_line([&](size_t c) -> const std::string& { return columns_[c].title; });
  for (const auto& row : rows_) {
    add_line([&](size_t c) -> const std::string& { return row[c]; });
  }
  return text;
}

std::string Printable(absl::string_view text, int max_length) {
  std::string escaped;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      absl::StrAppend(&escaped, absl::CEscape(absl::string_view(&c, 1)));
    } else {
      escaped += c;
    }
  }
  if (Length(escaped) <= max_length) return escaped;
  size_t end = 0;
  for (int length = 0; end < escaped.size(); ++end) {
    if (StartsCodePoint(escaped[end]) && ++length == max_length) break;
  }
  return escaped.substr(0, end) + "…";
}

std::string WithCommas(int64_t number) {
  const std::string digits = absl::StrCat(number);
  std::string result;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > (number < 0 ? 1 : 0) && (digits.size() - i) % 3 == 0) result += ',';
    result += digits[i];
  }
  return result;
}

}  // namespace tfxm::statistics

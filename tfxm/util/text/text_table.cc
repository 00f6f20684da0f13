// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/text/text_table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tfxm/util/text/text.h"

namespace tfxm {
namespace {

// Pieces that are not broken, after `first`; a line that gets too long goes on after `indent`.
std::string Flow(const std::vector<std::string>& pieces, absl::string_view between, int width, std::string first,
                 absl::string_view indent) {
  std::string text, line = std::move(first);
  bool is_empty = true;
  for (const std::string& piece : pieces) {
    if (!is_empty && width > 0 && DisplayWidth(line) + DisplayWidth(between) + DisplayWidth(piece) > width) {
      absl::StrAppend(&text, line, "\n");
      line = std::string(indent);
      is_empty = true;
    }
    absl::StrAppend(&line, is_empty ? "" : between, piece);
    is_empty = false;
  }
  return text + line;
}

}  // namespace

std::string WrapText(absl::string_view text, int width, absl::string_view indent) {
  return Flow(absl::StrSplit(text, ' ', absl::SkipEmpty()), " ", width, "", indent);
}

std::string WrapLines(absl::string_view text, int width) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (std::string& line : lines) {
    if (width <= 0 || DisplayWidth(line) <= width) continue;
    absl::string_view rest = line;
    std::string first, others;
    for (bool more = true; more;) {
      more = false;
      for (const auto& [branch, below] : {std::pair{" ", " "}, {"│", "│"}, {"├", "│"}, {"└", " "}, {"─", " "}}) {
        if (!absl::ConsumePrefix(&rest, branch)) continue;
        first += branch;
        others += below;
        more = true;
      }
    }
    line = Flow(absl::StrSplit(rest, ' ', absl::SkipEmpty()), " ", width, first, others + "  ");
  }
  return absl::StrJoin(lines, "\n");
}

TextTable TextTable::OfRows(const std::vector<std::vector<std::string>>& rows, bool with_titles) {
  size_t size = 0;
  for (const auto& row : rows) size = std::max(size, row.size());
  std::vector<Column> columns(size, Column{"", kRight});
  if (size > 0) columns[0].alignment = kLeft;
  with_titles = with_titles && !rows.empty();
  for (size_t c = 0; with_titles && c < rows[0].size(); ++c) columns[c].title = rows[0][c];
  TextTable table(std::move(columns));
  for (size_t r = with_titles ? 1 : 0; r < rows.size(); ++r) table.AddRow(rows[r]);
  return table;
}

void TextTable::AddRow(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string TextTable::Text(const Layout& layout) const {
  std::vector<int> widths;
  int total = DisplayWidth(layout.indent) + 2 * (static_cast<int>(columns_.size()) - 1);
  for (size_t c = 0; c < columns_.size(); ++c) {
    widths.push_back(DisplayWidth(columns_[c].title));
    for (const auto& row : rows_) widths[c] = std::max(widths[c], DisplayWidth(row[c]));
    total += widths[c];
  }
  if (layout.width > 0 && total > layout.width) return Paragraphs(layout);
  std::string text;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    for (size_t c = 0; c < columns_.size(); ++c) {
      const std::string& cell = cell_of(c);
      const std::string padding(widths[c] - DisplayWidth(cell), ' ');
      absl::StrAppend(&line, c > 0 ? "  " : layout.indent, columns_[c].alignment == kRight ? padding : "", cell,
                      columns_[c].alignment == kLeft ? padding : "");
    }
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, line, "\n");
  };
  if (std::any_of(columns_.begin(), columns_.end(), [](const Column& column) { return !column.title.empty(); })) {
    add_line([&](size_t c) -> const std::string& { return columns_[c].title; });
  }
  for (const auto& row : rows_) {
    add_line([&](size_t c) -> const std::string& { return row[c]; });
  }
  return text;
}

std::string TextTable::Paragraphs(const Layout& layout) const {
  std::string text;
  for (const auto& row : rows_) {
    // A name that starts with spaces is below another one.
    const size_t spaces = std::min(row[0].find_first_not_of(' '), row[0].size());
    const std::string indent = layout.indent + std::string(spaces, ' ');
    absl::StrAppend(
        &text, Flow(absl::StrSplit(row[0], ' ', absl::SkipEmpty()), " ", layout.width, indent, indent + "  "), "\n");
    std::vector<std::string> pieces;
    for (size_t c = 1; c < row.size(); ++c) {
      if (row[c].empty()) continue;
      const std::string& title = columns_[c].title;
      pieces.push_back(title.empty() ? row[c] : absl::StrCat(title, ": ", row[c]));
    }
    if (pieces.empty()) continue;
    const std::string inner = indent + "  ";
    // A piece that is too long by itself is broken between words.
    for (std::string& piece : pieces) {
      if (DisplayWidth(inner) + DisplayWidth(piece) > layout.width) {
        piece = WrapText(piece, layout.width - DisplayWidth(inner), "");
      }
    }
    std::vector<std::string> lines;
    for (const std::string& piece : pieces) {
      const std::vector<std::string> parts = absl::StrSplit(piece, '\n');
      lines.insert(lines.end(), parts.begin(), parts.end());
    }
    absl::StrAppend(&text, Flow(lines, "  ", layout.width, inner, inner), "\n");
  }
  return text;
}

}  // namespace tfxm

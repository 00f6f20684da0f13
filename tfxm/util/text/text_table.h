// SPDX-License-Identifier: Apache-2.0

// Lines of aligned columns for a terminal.
//
//   TextTable table({{"feature"}, {"mean", TextTable::kRight}});
//   table.AddRow({"fare", "11.4"});
//   Print(table.Text({.width = TerminalWidth()}));
//
// ```text
//   feature  mean
//   fare     11.4
// ```
//
// Where that is too wide, each row becomes a paragraph with the columns' titles in it:
//
// ```text
//   fare
//     mean: 11.4
// ```
#ifndef TFXM_UTIL_TEXT_TEXT_TABLE_H_
#define TFXM_UTIL_TEXT_TEXT_TABLE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace tfxm {

class TextTable {
 public:
  enum Alignment { kLeft, kRight };
  struct Column {
    std::string title;
    Alignment alignment = kLeft;
  };
  struct Layout {
    int width = 0;  // Cells of the terminal (DisplayWidth); 0: as wide as it gets.
    std::string indent;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // The first column to the left, the others to the right. `with_titles`: the first row holds the titles.
  static TextTable OfRows(const std::vector<std::vector<std::string>>& rows, bool with_titles = true);

  // As many cells as columns; missing ones are empty. Text of others is made printable before (text.h).
  void AddRow(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  // The titles, if there are any, and the rows, two spaces between columns, no spaces at the ends of lines.
  std::string Text() const { return Text(Layout()); }
  std::string Text(const Layout& layout) const;

 private:
  std::string Paragraphs(const Layout& layout) const;
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// The text's words in lines of at most `width` cells where they are that short; 0: one line. Lines after the first
// begin with `indent`, which counts.
std::string WrapText(absl::string_view text, int width, absl::string_view indent);
// Each of the lines that is wider than `width`, if that is not 0, in several: those after the first are indented by two
// more, and go on with the branches of a tree ("├─ "). The others, such as those of a table that was made for that
// width, stay as they are.
std::string WrapLines(absl::string_view text, int width);

}  // namespace tfxm

#endif  // TFXM_UTIL_TEXT_TEXT_TABLE_H_

// Lines of aligned columns.
//
//   TextTable table({{"feature"}, {"mean", TextTable::kRight}});
//   table.AddRow({"fare", "11.4"});
//   std::cout << table.Text();
#ifndef TFXM_STATISTICS_TEXT_TABLE_H_
#define TFXM_STATISTICS_TEXT_TABLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tfxm::statistics {

class TextTable {
 public:
  enum Alignment { kLeft, kRight };
  struct Column {
    std::string title;
    Alignment alignment = kLeft;
  };
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as columns; missing ones are empty.
  void AddRow(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  // The titles and the rows, two spaces between columns, no spaces at the ends of lines. Widths count code points.
  std::string Text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// `text` with control characters escaped and, beyond max_length code points, cut and ended by "…".
std::string Printable(absl::string_view text, int max_length);
// "12,345"
std::string WithCommas(int64_t number);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_TEXT_TABLE_H_

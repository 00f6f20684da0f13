// SPDX-License-Identifier: Apache-2.0

// What a person should know of the type that the rule of csv_cells.h gives a column: that numbers are text because of a
// few "NA" or of commas for points, and that codes lost their zeros when they became numbers.
//
//   TypeDoubts doubts;
//   for (int row = 0; row < 3; ++row) doubts.Add(cells[row], TypeOfCell(cells[row]), row);  // "34", "NA", "41"
//   doubts.SetPlaces([&](int64_t row) { return absl::StrCat("a.csv: line ", row + 2); });
//   doubts.Warning("age", data::ValueType::kBytes);  // "a.csv: line 3: column "age": "NA" is not a number, …"
#ifndef TFXM_TABLES_INTERNAL_CSV_NUMBERS_H_
#define TFXM_TABLES_INTERNAL_CSV_NUMBERS_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/example_batch.h"

namespace tfxm::tables {

// Whether such texts usually stand for a value that is missing: "NA", "n/a", "null", "None", "-", "?", …
bool MeansMissing(absl::string_view cell);

// Whether it is a number with a comma for the point, or with separators of thousands: "1,5", "1.234,50", "1,234".
bool IsNumberWithCommas(absl::string_view cell);

// The doubts about one column.
class TypeDoubts {
 public:
  // False once a cell was neither a number nor near one: the column is text, and no cell need be added any more.
  bool IsOpen() const { return !is_text_; }
  void Add(absl::string_view cell, data::ValueType type, int64_t row) {
    if (type == data::ValueType::kInt || type == data::ValueType::kFloat) has_number_ = true;
    if (type == data::ValueType::kBytes || (cell.size() >= kShortestCode && cell[0] == '0'))
      AddUnusual(cell, type, row);
  }
  // Says where the rows are that are to be told; before Merge.
  void SetPlaces(absl::FunctionRef<std::string(int64_t row)> place_of);
  // Adds those of the rows behind these.
  void Merge(const TypeDoubts& next);
  // What to say of the column, which got this type; empty if there is nothing.
  std::string Warning(absl::string_view column, data::ValueType type) const;

 private:
  static constexpr size_t kShortestCode = 4;  // "007" may be a hundred things, "00123" is a code.
  struct Cell {
    int64_t row = -1;
    std::string text, place;
  };
  void AddUnusual(absl::string_view cell, data::ValueType type, int64_t row);

  bool is_text_ = false, has_number_ = false;
  Cell near_, code_;  // The first ones.
};

}  // namespace tfxm::tables

#endif  // TFXM_TABLES_INTERNAL_CSV_NUMBERS_H_

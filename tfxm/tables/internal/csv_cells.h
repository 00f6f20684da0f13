// SPDX-License-Identifier: Apache-2.0

// The types of CSV cells, as Python reads them: TFX's and TFDV's rule (tfx_bsl/coders/csv_decoder.py).
//
//   TypeOfCell("12")     -> kInt         ParseIntCell("12")    -> 12
//   TypeOfCell("1e3")    -> kFloat       ParseFloatCell("nan") -> NaN
//   TypeOfCell("twelve") -> kBytes
//   TypeOfCell("")       -> kUnknown
//
// A column has the last type, in the order unknown, int, float, bytes, of any of its cells. As in Python, numbers may
// have white space around them and single underscores between digits; "nan", "inf" and "infinity" are numbers. An
// integer that int64 cannot hold is bytes.
#ifndef TFXM_TABLES_INTERNAL_CSV_CELLS_H_
#define TFXM_TABLES_INTERNAL_CSV_CELLS_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "tfxm/data/example_batch.h"

namespace tfxm::tables {

data::ValueType TypeOfCell(absl::string_view cell);

// What Python's int() and float() make of it, or nothing.
std::optional<int64_t> ParseIntCell(absl::string_view cell);
std::optional<double> ParseFloatCell(absl::string_view cell);

}  // namespace tfxm::tables

#endif  // TFXM_TABLES_INTERNAL_CSV_CELLS_H_

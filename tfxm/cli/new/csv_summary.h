// SPDX-License-Identifier: Apache-2.0

// What `tfxm new` looks at before it writes: the columns of a CSV file.
//
//   ASSIGN_OR_RETURN(CsvSummary summary, SummarizeCsv("people.csv", {}));
//   for (const ColumnSummary& column : summary.columns) std::printf("%zu\n", column.distinct());
#ifndef TFXM_CLI_NEW_CSV_SUMMARY_H_
#define TFXM_CLI_NEW_CSV_SUMMARY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/tables/csv_options.h"

namespace tfxm::cli {

struct ColumnSummary {
  std::string name;
  data::ValueType type = data::ValueType::kUnknown;  // kUnknown: it has no cell.
  int64_t num_values = 0;                            // Cells that are not empty, and of floats finite.
  // How often each value occurs; as soon as there are more than kMostDistinct, no further ones are taken.
  std::map<double, int64_t> numbers;
  std::map<std::string, int64_t, std::less<>> texts;
  // Of numbers; the powers are of what they differ from the mean by.
  double mean = 0, sum_of_squares = 0, sum_of_cubes = 0, sum_of_fourths = 0;

  static constexpr size_t kMostDistinct = 10000;
  size_t distinct() const { return numbers.size() + texts.size(); }
  bool is_text() const { return type == data::ValueType::kBytes; }
};

struct CsvSummary {
  int64_t num_rows = 0;
  std::vector<ColumnSummary> columns;  // By their names.
  std::vector<std::string> warnings;   // Of the source.
  const ColumnSummary* Find(const std::string& name) const;
};

// Errors name the file and line.
absl::StatusOr<CsvSummary> SummarizeCsv(const std::string& file, tables::CsvOptions options);

}  // namespace tfxm::cli

#endif  // TFXM_CLI_NEW_CSV_SUMMARY_H_

// SPDX-License-Identifier: Apache-2.0

// CSV files as tf.Examples: one of each row, a feature of each column. What CsvExampleGen, `tfxm convert --csv` and
// `tfxm stats --csv` read.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<data::ExampleSource> source,
//                    OpenCsv({"people.csv"}, {.types = {{"zip", data::ValueType::kBytes}}}));
//
// The type of a column that no one names is inferred from all its cells in all files (csv_cells.h), which are read once
// for that: an int64, else a float, else bytes. Files of one source have the same columns in the same order.
#ifndef TFXM_TABLES_CSV_SOURCE_H_
#define TFXM_TABLES_CSV_SOURCE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/data/example_source.h"
#include "tfxm/tables/csv_options.h"

namespace tfxm::tables {

// Infers the types. INVALID_ARGUMENT names the file and line of what cannot be read, and both files if their columns
// differ; a cell that is not of the type that options name is found when its block is encoded.
absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenCsv(const std::vector<std::string>& files,
                                                             const CsvOptions& options);

}  // namespace tfxm::tables

#endif  // TFXM_TABLES_CSV_SOURCE_H_

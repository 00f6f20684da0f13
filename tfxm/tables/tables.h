// SPDX-License-Identifier: Apache-2.0

// CSV files as tf.Examples: one of each row, a feature of each column. What CsvExampleGen, `tfxm convert --csv` and
// `tfxm stats --csv` read.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<data::ExampleSource> source,
//                    tables::OpenCsv({"people.csv"}, {.types = {{"zip", data::ValueType::kBytes}}}));
//
// The type of a column that no one names is inferred from all its cells in all files (csv_cells.h), which are read once
// for that: an int64, else a float, else bytes. Files of one source have the same columns in the same order.
//
// Arrow reads them. It is 60 MB and loaded by the first call.
#ifndef TFXM_TABLES_TABLES_H_
#define TFXM_TABLES_TABLES_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/data/example_source.h"
#include "tfxm/tables/csv_options.h"
#include "tfxm/util/registry.h"

namespace tfxm::tables {

// Infers the types that options do not name. INVALID_ARGUMENT names the file and line of what cannot be read, and both
// files if their columns differ; a cell that is not of the type that options name is found when its block is encoded.
absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenCsv(const std::vector<std::string>& files,
                                                             const CsvOptions& options);

// The types of all columns, inferred or named by options; kUnknown where no row has a cell. For sources that are opened
// one by one and shall have the same types.
absl::StatusOr<std::map<std::string, data::ValueType>> CsvTypes(const std::vector<std::string>& files,
                                                                const CsvOptions& options);

// What the plugin "tables_arrow" registers as "arrow".
class TableReader {
 public:
  virtual ~TableReader() = default;
  virtual absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenCsv(const std::vector<std::string>& files,
                                                                       const CsvOptions& options) = 0;
  virtual absl::StatusOr<std::map<std::string, data::ValueType>> CsvTypes(const std::vector<std::string>& files,
                                                                          const CsvOptions& options) = 0;
};
using TableReaderRegistry = Registry<TableReader>;

}  // namespace tfxm::tables

#endif  // TFXM_TABLES_TABLES_H_

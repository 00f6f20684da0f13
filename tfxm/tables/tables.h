// SPDX-License-Identifier: Apache-2.0

// CSV, Parquet and JSON Lines files as tf.Examples: one of each row, a feature of each column. What the ExampleGens,
// `tfxm convert` and `tfxm stats --csv` read.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<data::ExampleSource> source,
//                    tables::OpenCsv({"people.csv"}, {.types = {{"zip", data::ValueType::kBytes}}}));
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

// The type of a column that no one names is inferred from all its cells in all files (internal/csv_cells.h), which are
// read once for that: an int64, else a float, else bytes. Files of one source have the same columns in the same order.
// INVALID_ARGUMENT names the file and line of what cannot be read, and both
// files if their columns differ; a cell that is not of the type that options name is found when its block is encoded.
// The source warns of names that look like a row of data, of columns that are numbers in one file and text in another, and
// of the first number of a column that its floats do not tell: a whole one of many digits, one beyond float32; and of what
// inferring makes of "NA" among numbers, of decimal commas and of codes with zeros in front (internal/csv_numbers.h).
absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenCsv(const std::vector<std::string>& files,
                                                             const CsvOptions& options);

// The options with the types of all columns; kUnknown where no row has a cell. For sources that are opened one by one and
// shall have the same types.
absl::StatusOr<CsvOptions> WithInferredTypes(const std::vector<std::string>& files, const CsvOptions& options);

struct ParquetOptions {
  std::vector<std::string> columns = {};  // Only these, by the names at the top; empty: all.
};

// What becomes of a column, by its type:
//   bool, integers                 int64: 0 or 1; a uint64 beyond int64 is an error
//   float16, float, double,
//   decimal                        float
//   string, binary, enumerations   bytes
//   date                           int64, days since 1970-01-01
//   time, timestamp, duration      int64 in the column's own unit; a timestamp's since 1970-01-01 UTC
//   null                           a feature without values
//   dictionary                     as its values
//   struct                         a feature of each member: "a.b"
//   list                           all its values; of structs, a feature of each member. A list of lists is an error
//   map                            two features: "a.key", "a.value"
// The first number of a column that a float does not tell is warned of: one beyond float32, a whole one beyond 2^24 in
// a column of doubles or decimals. A null is a feature without a list, in a list it is left out. Folders called name=value above a file are columns, too:
// int64 if all values are integers, else bytes. INVALID_ARGUMENT names both files where a column's types differ; a file
// without a column that others have makes examples without that feature.
absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenParquet(const std::vector<std::string>& files,
                                                                 const ParquetOptions& options);

struct JsonlOptions {};

// A JSON object on each line, plain or gzip; its members are features as a Parquet file's columns are. Types are
// inferred from all lines of all files, which are read once for that: true and false are int64, numbers int64 or, if any
// has a point, an exponent or is beyond int64, float; strings bytes. INVALID_ARGUMENT names the file and line of what is
// not JSON, and the member whose types do not go together.
absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenJsonl(const std::vector<std::string>& files,
                                                               const JsonlOptions& options);

// What the plugin "tables_arrow" registers as "arrow".
class TableReader {
 public:
  virtual ~TableReader() = default;
  virtual absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenCsv(const std::vector<std::string>& files,
                                                                       const CsvOptions& options) = 0;
  virtual absl::StatusOr<CsvOptions> WithInferredTypes(const std::vector<std::string>& files,
                                                       const CsvOptions& options) = 0;
  virtual absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenParquet(const std::vector<std::string>& files,
                                                                           const ParquetOptions& options) = 0;
  virtual absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenJsonl(const std::vector<std::string>& files,
                                                                         const JsonlOptions& options) = 0;
};
using TableReaderRegistry = Registry<TableReader>;

}  // namespace tfxm::tables

#endif  // TFXM_TABLES_TABLES_H_

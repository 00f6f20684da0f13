// SPDX-License-Identifier: Apache-2.0

// How CSV files are read. No header of Arrow is in it.
#ifndef TFXM_TABLES_CSV_OPTIONS_H_
#define TFXM_TABLES_CSV_OPTIONS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/data/example_batch.h"

namespace tfxm::tables {

struct CsvOptions {
  char delimiter = ',';
  // Any name that iconv knows. Names and values of features are UTF-8 whatever it is.
  std::string encoding = "utf-8";
  // For files without a line of names.
  std::vector<std::string> column_names = {};
  // Types that are known, from a schema; those of other columns are inferred. A column that the files do not have is
  // not an error.
  std::map<std::string, data::ValueType> types = {};
  // Whether `types` names all columns, so that nothing is inferred; kUnknown is then one without any cell.
  bool types_are_complete = false;
  // What was to be said when the types were inferred (WithInferredTypes), for the source to say.
  std::vector<std::string> warnings = {};
  // A row with more or fewer cells than columns: an error that names the line; skipped; or kept, cells that are too many
  // dropped and those that are too few empty. Rows that are skipped or changed are counted.
  enum class BadRows { kError, kSkip, kKeep };
  BadRows bad_rows = BadRows::kError;
  // Whether an empty cell makes the example lack the feature (as TFDV reads CSV), or gives it an empty list (as
  // CsvExampleGen writes it).
  bool empty_is_missing = false;
};

// The character of --delimiter: itself, or "\\t" or "tab". INVALID_ARGUMENT for other texts.
absl::StatusOr<char> ParseDelimiter(absl::string_view text);
// "error", "skip" or "keep".
absl::StatusOr<CsvOptions::BadRows> ParseBadRows(absl::string_view text);
// The types that a schema gives its features.
std::map<std::string, data::ValueType> TypesOf(const tensorflow::metadata::v0::Schema& schema);

}  // namespace tfxm::tables

#endif  // TFXM_TABLES_CSV_OPTIONS_H_

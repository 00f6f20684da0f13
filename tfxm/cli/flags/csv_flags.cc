// SPDX-License-Identifier: Apache-2.0

#include "tfxm/cli/flags/csv_flags.h"

#include "absl/strings/str_split.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/data/examples.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::cli {

void CsvFlags::AddTo(Flags* flags, const char* schema_flag) {
  flags->Add("csv", &csv_, "GLOB",
             "CSV files with a line of names, plain or gzip: globs or directories, separated by commas");
  flags->Add("delimiter", &delimiter_, "C", "--csv: what separates cells: a character, or tab");
  flags->Add("encoding", &encoding_, "NAME", "--csv: any that iconv knows, as cp932");
  flags
      ->Add("bad_rows", &bad_rows_, "WHAT",
            "--csv: rows of another length end it (error), are left out (skip), or filled up and cut off (keep)")
      .OneOf({"error", "skip", "keep"});
  flags->Add("column_names", &column_names_, "A,B,…", "--csv: the names, for files without a line of them");
  if (schema_flag != nullptr) {
    flags->Add(schema_flag, &schema_, "FILE", "--csv: a schema whose types are taken; others are inferred");
  }
}

absl::StatusOr<std::vector<std::string>> CsvFlags::Files() const { return data::MatchFiles(csv_); }

absl::StatusOr<tables::CsvOptions> CsvFlags::Options() const {
  tables::CsvOptions options;
  const CsvFlags usual;
  if (csv_.empty() && (delimiter_ != usual.delimiter_ || encoding_ != usual.encoding_ || bad_rows_ != usual.bad_rows_ ||
                       !column_names_.empty())) {
    return UsageError("--delimiter, --encoding, --bad_rows and --column_names are for --csv");
  }
  absl::StatusOr<char> delimiter = tables::ParseDelimiter(delimiter_);
  if (!delimiter.ok()) return UsageError(delimiter.status().message());
  options.delimiter = *delimiter;
  options.encoding = encoding_;
  ASSIGN_OR_RETURN(options.bad_rows, tables::ParseBadRows(bad_rows_));
  if (!column_names_.empty()) options.column_names = absl::StrSplit(column_names_, ',');
  if (!schema_.empty()) {
    tensorflow::metadata::v0::Schema schema;
    RETURN_IF_ERROR(io::ReadTextProto(schema_, &schema));
    options.types = tables::TypesOf(schema);
  }
  return options;
}

}  // namespace tfxm::cli

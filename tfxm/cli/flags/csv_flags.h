// SPDX-License-Identifier: Apache-2.0

// The flags of the commands that read CSV: --csv and how it is read.
#ifndef TFXM_CLI_FLAGS_CSV_FLAGS_H_
#define TFXM_CLI_FLAGS_CSV_FLAGS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/data/example_source.h"
#include "tfxm/tables/csv_options.h"
#include "tfxm/util/flags.h"

namespace tfxm::cli {

class CsvFlags {
 public:
  // The schema is called --schema, as elsewhere, where the command has no other use for that: `schema_flag`.
  void AddTo(Flags* flags, const char* schema_flag = nullptr);

  bool given() const { return !csv_.empty(); }
  const std::string& pattern() const { return csv_; }
  // The files that --csv matches.
  absl::StatusOr<std::vector<std::string>> Files() const;
  // A UsageError if a flag is wrong, or one about CSV is given without --csv.
  absl::StatusOr<tables::CsvOptions> Options() const;

 private:
  std::string csv_, delimiter_ = ",", encoding_ = "utf-8", bad_rows_ = "error", column_names_, schema_;
};

}  // namespace tfxm::cli

#endif  // TFXM_CLI_FLAGS_CSV_FLAGS_H_

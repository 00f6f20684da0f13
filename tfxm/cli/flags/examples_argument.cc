// SPDX-License-Identifier: Apache-2.0

#include "tfxm/cli/flags/examples_argument.h"

#include <filesystem>

#include "tfxm/cli/command.h"
#include "tfxm/components/example_gen/convert_examples.h"
#include "tfxm/data/examples.h"
#include "tfxm/tables/tables.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::cli {

void ExamplesArgument::AddTo(Flags* flags) {
  flags->Add("data", &data_, "GLOB",
             "TFRecords of tf.Examples, plain or gzip: globs or directories, separated by commas");
  csv_.AddTo(flags, "csv_schema");
}

absl::Status ExamplesArgument::Open() {
  if (data_.empty() != csv_.given()) return UsageError("give one of --data=GLOB and --csv=GLOB");
  ASSIGN_OR_RETURN(const tables::CsvOptions csv_options, csv_.Options());
  if (!csv_.given()) {
    ASSIGN_OR_RETURN(files_, data::MatchFiles(data_));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> files, csv_.Files());
  ASSIGN_OR_RETURN(const std::unique_ptr<data::ExampleSource> source, tables::OpenCsv(files, csv_options));
  ASSIGN_OR_RETURN(converted_, io::TempDir::Make(std::filesystem::temp_directory_path().string(), "tfxm-csv-"));
  const std::string folder = io::JoinPath(converted_->path(), "examples");
  ASSIGN_OR_RETURN(const Converted converted,
                   ConvertExamples(source.get(), files, {.output_dir = folder, .splits = {{"all", 1}}}));
  for (const std::string& warning : converted.warnings) Warn(warning);
  ASSIGN_OR_RETURN(files_, data::SplitFiles(folder, "all"));
  return absl::OkStatus();
}

}  // namespace tfxm::cli

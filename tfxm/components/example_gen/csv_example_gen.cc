// SPDX-License-Identifier: Apache-2.0

// CsvExampleGen: rows of CSV files -> the Examples artifact, split by hash. Types are inferred over all splits together.
#include <optional>

#include "absl/strings/str_cat.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/components/example_gen/base_example_gen.h"
#include "tfxm/tables/tables.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr char kCsvExecutor[] = "tfx.components.example_gen.csv_example_gen.executor.Executor";

absl::StatusOr<tables::CsvOptions> ParseOptions(const Properties& exec_properties) {
  tables::CsvOptions options;
  const std::string delimiter = StringPropertyOr(exec_properties, "delimiter", ",");
  ASSIGN_OR_RETURN(options.delimiter, tables::ParseDelimiter(delimiter));
  options.encoding = StringPropertyOr(exec_properties, "encoding", options.encoding);
  ASSIGN_OR_RETURN(options.bad_rows, tables::ParseBadRows(StringPropertyOr(exec_properties, "bad_rows", "error")));
  if (const std::string file = StringPropertyOr(exec_properties, "schema_file", ""); !file.empty()) {
    tensorflow::metadata::v0::Schema schema;
    RETURN_IF_ERROR(io::ReadTextProto(file, &schema));
    options.types = tables::TypesOf(schema);
  }
  return options;
}

// The schema file is read, too.
class CsvDriver : public FileBasedDriver {
 public:
  absl::StatusOr<std::vector<std::string>> InputFilesOf(const Properties& exec_properties) override {
    ASSIGN_OR_RETURN(std::vector<std::string> files, FileBasedDriver::InputFilesOf(exec_properties));
    if (const std::string file = StringPropertyOr(exec_properties, "schema_file", ""); !file.empty()) {
      files.push_back(file);
    }
    return files;
  }
};

class CsvExampleGen : public BaseExampleGen {
 protected:
  std::string Wanted() const override { return "CSV files with a line of names and rows below it"; }

  absl::StatusOr<std::unique_ptr<data::ExampleSource>> Open(const std::vector<std::string>& files,
                                                            const Properties& exec_properties) override {
    if (!options_.has_value()) {
      ASSIGN_OR_RETURN(const tables::CsvOptions options, ParseOptions(exec_properties));
      ASSIGN_OR_RETURN(const std::vector<std::string> all, FileBasedDriver().InputFilesOf(exec_properties));
      ASSIGN_OR_RETURN(options_, tables::WithInferredTypes(all, options));
    }
    ASSIGN_OR_RETURN(auto source, tables::OpenCsv(files, *options_));
    options_->warnings.clear();  // The first source says them.
    return source;
  }

 private:
  std::optional<tables::CsvOptions> options_;
};

TFXM_REGISTER(ExecutorRegistry, kCsvExecutor, [] { return std::make_unique<CsvExampleGen>(); });
TFXM_REGISTER(DriverRegistry, kCsvExecutor, [] { return std::make_unique<CsvDriver>(); });

}  // namespace
}  // namespace tfxm

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/tables/tables.h"

#include "tfxm/util/plugin.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::tables {
namespace {

absl::StatusOr<std::unique_ptr<TableReader>> Reader() {
  RETURN_IF_ERROR(LoadPlugin("tables_arrow"));
  return TableReaderRegistry::Get().Create("arrow");
}

}  // namespace

absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenCsv(const std::vector<std::string>& files,
                                                             const CsvOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<TableReader> reader, Reader());
  return reader->OpenCsv(files, options);
}

absl::StatusOr<CsvOptions> WithInferredTypes(const std::vector<std::string>& files, const CsvOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<TableReader> reader, Reader());
  return reader->WithInferredTypes(files, options);
}

absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenParquet(const std::vector<std::string>& files,
                                                                 const ParquetOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<TableReader> reader, Reader());
  return reader->OpenParquet(files, options);
}

absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenJsonl(const std::vector<std::string>& files,
                                                               const JsonlOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<TableReader> reader, Reader());
  return reader->OpenJsonl(files, options);
}

}  // namespace tfxm::tables

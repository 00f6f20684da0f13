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

absl::StatusOr<std::map<std::string, data::ValueType>> CsvTypes(const std::vector<std::string>& files,
                                                                const CsvOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<TableReader> reader, Reader());
  return reader->CsvTypes(files, options);
}

}  // namespace tfxm::tables

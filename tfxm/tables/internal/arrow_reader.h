// SPDX-License-Identifier: Apache-2.0

// What the plugin is made of: one function of tables.h each.
#ifndef TFXM_TABLES_INTERNAL_ARROW_READER_H_
#define TFXM_TABLES_INTERNAL_ARROW_READER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/tables/tables.h"

namespace tfxm::tables {

absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenCsvFiles(const std::vector<std::string>& files,
                                                                  const CsvOptions& options);
absl::StatusOr<CsvOptions> WithTypesOfCsvFiles(const std::vector<std::string>& files, const CsvOptions& options);
absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenParquetFiles(const std::vector<std::string>& files,
                                                                      const ParquetOptions& options);
absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenJsonlFiles(const std::vector<std::string>& files,
                                                                    const JsonlOptions& options);

}  // namespace tfxm::tables

#endif  // TFXM_TABLES_INTERNAL_ARROW_READER_H_

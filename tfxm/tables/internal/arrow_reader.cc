// SPDX-License-Identifier: Apache-2.0

#include "tfxm/tables/internal/arrow_reader.h"

namespace tfxm::tables {
namespace {

class ArrowReader : public TableReader {
 public:
  absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenCsv(const std::vector<std::string>& files,
                                                               const CsvOptions& options) override {
    return OpenCsvFiles(files, options);
  }
  absl::StatusOr<CsvOptions> WithInferredTypes(const std::vector<std::string>& files,
                                               const CsvOptions& options) override {
    return WithTypesOfCsvFiles(files, options);
  }
  absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenParquet(const std::vector<std::string>& files,
                                                                   const ParquetOptions& options) override {
    return OpenParquetFiles(files, options);
  }
  absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenJsonl(const std::vector<std::string>& files,
                                                                 const JsonlOptions& options) override {
    return OpenJsonlFiles(files, options);
  }
};

TFXM_REGISTER(TableReaderRegistry, "arrow", [] { return std::make_unique<ArrowReader>(); });

}  // namespace
}  // namespace tfxm::tables

// SPDX-License-Identifier: Apache-2.0

// ParquetExampleGen: TFX's FileBasedExampleGen with its Parquet executor.
#include "absl/strings/str_split.h"
#include "tfxm/components/example_gen/base_example_gen.h"
#include "tfxm/tables/tables.h"

namespace tfxm {
namespace {

constexpr char kParquetExecutor[] = "tfx.components.example_gen.custom_executors.parquet_executor.Executor";

class ParquetExampleGen : public BaseExampleGen {
 protected:
  std::string Wanted() const override { return "Parquet files with rows"; }
  absl::StatusOr<std::unique_ptr<data::ExampleSource>> Open(const std::vector<std::string>& files,
                                                            const Properties& exec_properties) override {
    tables::ParquetOptions options;
    const std::string columns = StringPropertyOr(exec_properties, "columns", "");
    if (!columns.empty()) options.columns = absl::StrSplit(columns, ',');
    return tables::OpenParquet(files, options);
  }
};

TFXM_REGISTER(ExecutorRegistry, kParquetExecutor, [] { return std::make_unique<ParquetExampleGen>(); });
TFXM_REGISTER(DriverRegistry, kParquetExecutor, [] { return std::make_unique<FileBasedDriver>(); });

}  // namespace
}  // namespace tfxm

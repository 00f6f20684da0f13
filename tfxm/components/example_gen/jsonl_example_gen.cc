// SPDX-License-Identifier: Apache-2.0

// JsonlExampleGen: a JSON object on each line -> the Examples artifact, split by hash.
#include "tfxm/components/example_gen/base_example_gen.h"
#include "tfxm/tables/tables.h"

namespace tfxm {
namespace {

constexpr char kJsonlExecutor[] = "tfxm.components.example_gen.jsonl_example_gen.executor.Executor";

class JsonlExampleGen : public BaseExampleGen {
 protected:
  std::string Wanted() const override { return "files with a JSON object on each line"; }
  absl::StatusOr<std::unique_ptr<data::ExampleSource>> Open(const std::vector<std::string>& files,
                                                            const Properties& exec_properties) override {
    return tables::OpenJsonl(files, {});
  }
};

TFXM_REGISTER(ExecutorRegistry, kJsonlExecutor, [] { return std::make_unique<JsonlExampleGen>(); });
TFXM_REGISTER(DriverRegistry, kJsonlExecutor, [] { return std::make_unique<FileBasedDriver>(); });

}  // namespace
}  // namespace tfxm

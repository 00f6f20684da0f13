// SPDX-License-Identifier: Apache-2.0

// ImportExampleGen: TFRecords of tf.Examples -> the Examples artifact, split by hash.
#include "tfxm/components/example_gen/base_example_gen.h"
#include "tfxm/components/example_gen/tfrecord_source.h"

namespace tfxm {
namespace {

constexpr char kName[] = "tfx.components.example_gen.import_example_gen.executor.Executor";

class ImportExampleGen : public BaseExampleGen {
 protected:
  std::string Wanted() const override { return "TFRecord files of tf.Examples"; }
  absl::StatusOr<std::unique_ptr<data::ExampleSource>> Open(const std::vector<std::string>& files,
                                                            const Properties& exec_properties) override {
    return OpenTFRecords(files);
  }
};

TFXM_REGISTER(ExecutorRegistry, kName, [] { return std::make_unique<ImportExampleGen>(); });
TFXM_REGISTER(DriverRegistry, kName, [] { return std::make_unique<FileBasedDriver>(); });

}  // namespace
}  // namespace tfxm

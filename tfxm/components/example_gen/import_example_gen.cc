// SPDX-License-Identifier: Apache-2.0

// ImportExampleGen: TFRecords of tf.Examples or tf.SequenceExamples -> the Examples artifact, split by hash.
#include "tfx/proto/example_gen.pb.h"
#include "tfxm/components/example_gen/base_example_gen.h"
#include "tfxm/components/example_gen/tfrecord_source.h"

namespace tfxm {
namespace {

constexpr char kImportExecutor[] = "tfx.components.example_gen.import_example_gen.executor.Executor";

class ImportExampleGen : public BaseExampleGen {
 protected:
  std::string Wanted() const override { return "TFRecord files of tf.Examples"; }
  bool TakesSequenceExamples() const override { return true; }
  absl::StatusOr<std::unique_ptr<data::ExampleSource>> Open(const std::vector<std::string>& files,
                                                            const Properties& exec_properties) override {
    return OpenTFRecords(files, IntPropertyOr(exec_properties, "output_data_format", 0) ==
                                    tfx::components::example_gen::FORMAT_TF_SEQUENCE_EXAMPLE);
  }
};

TFXM_REGISTER(ExecutorRegistry, kImportExecutor, [] { return std::make_unique<ImportExampleGen>(); });
TFXM_REGISTER(DriverRegistry, kImportExecutor, [] { return std::make_unique<FileBasedDriver>(); });

}  // namespace
}  // namespace tfxm

// SPDX-License-Identifier: Apache-2.0

// What all ExampleGens do: find the input files (input_config.h), read them, split the examples by hash, and write the
// Examples artifact. A new one says how its files are read, and that is all:
//
//   class MyExampleGen : public BaseExampleGen {
//    protected:
//     std::string Wanted() const override { return "files of mine"; }
//     absl::StatusOr<std::unique_ptr<data::ExampleSource>> Open(const std::vector<std::string>& files,
//                                                               const Properties& exec_properties) override {
//       return std::make_unique<MySource>(files);
//     }
//   };
//   TFXM_REGISTER(ExecutorRegistry, "my.example_gen.Executor", [] { return std::make_unique<MyExampleGen>(); });
//   TFXM_REGISTER(DriverRegistry, "my.example_gen.Executor", [] { return std::make_unique<FileBasedDriver>(); });
//
// Exec properties are TFX's (input_base, input_config, output_config, output_data_format, range_config) and
// allow_empty_splits. A split is what TFX makes it: SHA-256 of the deterministic serialization of the example, or of one
// feature, modulo the number of buckets. Files are written by all cores; the same data give the same files on every
// machine: max(2, bytes / 64 MiB) shards a split, at most 1,000, to which the examples are dealt in turn.
#ifndef TFXM_COMPONENTS_EXAMPLE_GEN_BASE_EXAMPLE_GEN_H_
#define TFXM_COMPONENTS_EXAMPLE_GEN_BASE_EXAMPLE_GEN_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/components/driver.h"
#include "tfxm/components/executor.h"
#include "tfxm/data/example_source.h"

namespace tfxm {

class BaseExampleGen : public Executor {
 public:
  // INVALID_ARGUMENT if there is no example, or if a split has none and allow_empty_splits is not set.
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) final;

 protected:
  // What the input must be, for messages: "TFRecord files of tf.Examples".
  virtual std::string Wanted() const = 0;
  // Whether Open can give tf.SequenceExamples: output_data_format may be FORMAT_TF_SEQUENCE_EXAMPLE.
  virtual bool TakesSequenceExamples() const { return false; }
  // The examples of the files of one input split.
  virtual absl::StatusOr<std::unique_ptr<data::ExampleSource>> Open(const std::vector<std::string>& files,
                                                                    const Properties& exec_properties) = 0;
};

// TFX's driver of file-based ExampleGens: finds the newest span and version, and the fingerprint of the files.
class FileBasedDriver : public Driver {
 public:
  absl::Status ResolveExecProperties(Properties* exec_properties) override;
  absl::StatusOr<std::vector<std::string>> InputFilesOf(const Properties& exec_properties) override;
};

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_EXAMPLE_GEN_BASE_EXAMPLE_GEN_H_

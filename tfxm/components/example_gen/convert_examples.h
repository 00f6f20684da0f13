// SPDX-License-Identifier: Apache-2.0

// What an ExampleGen does, outside of a pipeline: examples -> a folder like an Examples artifact.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<data::ExampleSource> source, tables::OpenCsv(files, {}));
//   ASSIGN_OR_RETURN(Converted converted, ConvertExamples(source.get(), files, {.output_dir = "examples"}));
//   // examples/Split-train/data_tfrecord-00000-of-00002.gz, …; converted.examples["train"] == 4003
#ifndef TFXM_COMPONENTS_EXAMPLE_GEN_CONVERT_EXAMPLES_H_
#define TFXM_COMPONENTS_EXAMPLE_GEN_CONVERT_EXAMPLES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/components/example_gen/split_examples.h"
#include "tfxm/data/example_source.h"

namespace tfxm {

struct ConvertOptions {
  std::string output_dir;  // Must not exist, or be empty.
  // Names and their hash buckets, as in TFX's output_config: two of three examples into "train".
  std::vector<std::pair<std::string, uint32_t>> splits = {{"train", 2}, {"eval", 1}};
  SplitProgress progress = nullptr;
};

struct Converted {
  std::vector<std::pair<std::string, int64_t>> examples;  // Of each split.
  std::vector<std::string> warnings;
};

// Reads `source`, which reads `files` (their sizes are those of the shards). The folder appears whole or not at all.
// INVALID_ARGUMENT if there is no example; ALREADY_EXISTS if the folder holds something.
absl::StatusOr<Converted> ConvertExamples(data::ExampleSource* source, const std::vector<std::string>& files,
                                          const ConvertOptions& options);

// "train:2,eval:1". INVALID_ARGUMENT says what is wrong with it.
absl::StatusOr<std::vector<std::pair<std::string, uint32_t>>> ParseSplits(absl::string_view text);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_EXAMPLE_GEN_CONVERT_EXAMPLES_H_

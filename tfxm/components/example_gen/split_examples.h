// SPDX-License-Identifier: Apache-2.0

// Examples into splits: TFX's hash, the files of an Examples artifact, on all cores.
//
//   std::vector<SplitWriter> writers(2);
//   RETURN_IF_ERROR(writers[0].Open(data::SplitDir(uri, "train"), NumShards(input_bytes * 2 / 3)));
//   RETURN_IF_ERROR(writers[1].Open(data::SplitDir(uri, "eval"), NumShards(input_bytes / 3)));
//   SplitNotes notes;
//   RETURN_IF_ERROR(SplitExamples(source.get(), split_config, progress, absl::MakeSpan(writers), &notes));
//   for (SplitWriter& writer : writers) RETURN_IF_ERROR(writer.Close());
#ifndef TFXM_COMPONENTS_EXAMPLE_GEN_SPLIT_EXAMPLES_H_
#define TFXM_COMPONENTS_EXAMPLE_GEN_SPLIT_EXAMPLES_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "tfx/proto/example_gen.pb.h"
#include "tfxm/data/example_source.h"
#include "tfxm/data/tfrecord.h"

namespace tfxm {

// How many files a split of so many bytes gets: max(2, bytes / 64 MiB), at most 1,000. It follows from the data alone, so
// that the same data give the same files on every machine.
int NumShards(double bytes);

// Writes one output split, its records dealt to the shards in turn.
class SplitWriter {
 public:
  absl::Status Open(const std::string& dir, int num_shards);
  // The record must live until WritePending has been called for every shard.
  void Add(const std::string* record);
  int num_shards() const { return static_cast<int>(shards_.size()); }
  int64_t num_records() const { return num_records_; }
  // Writes what Add gave to one shard; different shards may be written at the same time.
  absl::Status WritePending(int shard);
  absl::Status Close();

 private:
  std::vector<std::unique_ptr<data::TFRecordWriter>> shards_;
  std::vector<std::vector<const std::string*>> pending_;
  int64_t num_records_ = 0;
};

// What there is to say about the input when it has been read.
struct SplitNotes {
  int64_t examples = 0;
  std::vector<std::string> empty_files, warnings;
  std::atomic<bool> several_partition_values = false;
};

// Called with a message and -1 (how much there is in all is not known).
using SplitProgress = std::function<void(absl::string_view, double)>;

// Reads all examples of a source and deals them to `writers`: to the only one if split_config has no splits, else by
// hash bucket: SHA-256 of the deterministic serialization of the example, or of partition_feature_name, modulo all
// hash_buckets. Errors name the file and the record.
absl::Status SplitExamples(data::ExampleSource* source, const tfx::components::example_gen::SplitConfig& split_config,
                           const SplitProgress& progress, absl::Span<SplitWriter> writers, SplitNotes* notes);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_EXAMPLE_GEN_SPLIT_EXAMPLES_H_

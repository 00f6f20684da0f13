// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/example_gen/split_examples.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/arena.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/compute/pass.h"
#include "tfxm/data/examples.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using tfx::components::example_gen::SplitConfig;

// What TFX hashes to find the split of a record: the deterministic serialization of the tf.Example or
// tf.SequenceExample, or of one feature (of the context), all its values together. Sets *several_values if there is more
// than one.
absl::StatusOr<std::string> PartitionKey(const std::string& record, const SplitConfig& config, bool sequence_examples,
                                         std::atomic<bool>* several_values) {
  google::protobuf::Arena arena;
  // The context of one is, as bytes, what the features of a tf.Example are.
  auto* example = google::protobuf::Arena::Create<tensorflow::SequenceExample>(&arena);
  if (!example->ParseFromString(record)) {
    return absl::InvalidArgumentError(sequence_examples ? "not a tf.SequenceExample" : "not a tf.Example");
  }
  if (example->has_feature_lists() && !sequence_examples) {
    return absl::InvalidArgumentError(
        "not a tf.Example: it has `feature_lists`; if these are tf.SequenceExamples, say so with "
        "payload_format = FORMAT_TF_SEQUENCE_EXAMPLE");
  }
  if (config.partition_feature_name().empty()) return io::SerializeDeterministically(*example);
  const auto& features = example->context().feature();
  const auto it = features.find(config.partition_feature_name());
  if (it == features.end()) {
    return absl::InvalidArgumentError(absl::StrCat("it lacks the feature \"", config.partition_feature_name(),
                                                   "\" that partition_feature_name names"));
  }
  if (!it->second.has_bytes_list() && !it->second.has_int64_list()) {
    return absl::InvalidArgumentError(absl::StrCat("partition_feature_name: the feature \"",
                                                   config.partition_feature_name(),
                                                   "\" must hold bytes or ints to be split by"));
  }
  if (it->second.bytes_list().value_size() + it->second.int64_list().value_size() > 1) {
    *several_values = true;
  }
  return io::SerializeDeterministically(it->second);
}

// Which of the splits of split_config a record belongs to.
class Splitter {
 public:
  explicit Splitter(const SplitConfig& config) : config_(config) {
    for (const auto& split : config.splits()) {
      bucket_ends_.push_back((bucket_ends_.empty() ? 0 : bucket_ends_.back()) +
                             static_cast<uint32_t>(split.hash_buckets()));
    }
  }

  // Thread safe. An error if the record is not what the block holds.
  absl::StatusOr<size_t> SplitOf(const std::string& record, const data::ExampleBlock& block,
                                 std::atomic<bool>* several_values) const {
    if (block.IsDeterministic() && config_.partition_feature_name().empty()) {
      return bucket_ends_.empty() ? 0 : Find(record);
    }
    ASSIGN_OR_RETURN(const std::string key,
                     PartitionKey(record, config_, block.TakesSequenceExamples(), several_values));
    return bucket_ends_.empty() ? 0 : Find(key);
  }

 private:
  size_t Find(const std::string& key) const {
    const uint32_t bucket = DigestModulo(Sha256::Hash(key), bucket_ends_.back());
    return static_cast<size_t>(std::upper_bound(bucket_ends_.begin(), bucket_ends_.end(), bucket) -
                               bucket_ends_.begin());
  }

  const SplitConfig& config_;
  std::vector<uint32_t> bucket_ends_;  // Running totals of hash_buckets.
};

}  // namespace

int NumShards(double bytes) {
  constexpr double kShardBytes = 64 << 20;
  return static_cast<int>(std::clamp(std::ceil(bytes / kShardBytes), 2.0, 1000.0));
}

absl::Status SplitWriter::Open(const std::string& dir, int num_shards) {
  RETURN_IF_ERROR(io::MakeDirs(dir));
  for (int s = 0; s < num_shards; ++s) {
    ASSIGN_OR_RETURN(auto writer,
                     data::TFRecordWriter::Create(io::JoinPath(dir, data::ShardName("data_tfrecord", s, num_shards))));
    shards_.push_back(std::move(writer));
  }
  return absl::OkStatus();
}

void SplitWriter::Add(const std::string* record) {
  if (pending_.size() < shards_.size()) pending_.resize(shards_.size());
  pending_[static_cast<size_t>(num_records_++) % shards_.size()].push_back(record);
}

absl::Status SplitWriter::WritePending(int shard) {
  if (static_cast<size_t>(shard) >= pending_.size()) return absl::OkStatus();
  for (const std::string* record : pending_[shard]) RETURN_IF_ERROR(shards_[shard]->Write(*record));
  pending_[shard].clear();
  return absl::OkStatus();
}

absl::Status SplitWriter::Close() {
  for (auto& shard : shards_) RETURN_IF_ERROR(shard->Close());
  return absl::OkStatus();
}

absl::Status SplitExamples(data::ExampleSource* source, const SplitConfig& split_config, const SplitProgress& progress,
                           absl::Span<SplitWriter> writers, SplitNotes* notes) {
  const Splitter splitter(split_config);
  ASSIGN_OR_RETURN(std::unique_ptr<data::ExampleBlock> block, source->Next());
  std::vector<std::string> records;  // Their memory is used again.
  while (block != nullptr) {
    // The next block is read and decompressed while this one is encoded, hashed and written.
    auto next = std::async(std::launch::async, [source] { return source->Next(); });
    const size_t n = static_cast<size_t>(block->size());
    if (records.size() < n) records.resize(n);
    std::vector<size_t> split_of(n);
    constexpr size_t kChunk = 256;
    absl::Status status = compute::ParallelFor(static_cast<int>((n + kChunk - 1) / kChunk), [&](int c) -> absl::Status {
      const size_t end = std::min(n, (c + 1) * kChunk);
      for (size_t i = c * kChunk; i < end; ++i) {
        const auto origin = [&] { return block->Origin(static_cast<int>(i)); };
        if (absl::Status encoded = block->Encode(static_cast<int>(i), &records[i]); !encoded.ok()) {
          return Annotate(encoded, origin());
        }
        const absl::StatusOr<size_t> split = splitter.SplitOf(records[i], *block, &notes->several_partition_values);
        if (!split.ok()) return Annotate(split.status(), origin());
        split_of[i] = *split;
      }
      return absl::OkStatus();
    });
    if (status.ok()) {
      std::vector<std::pair<SplitWriter*, int>> shards;
      for (size_t i = 0; i < n; ++i) writers[split_of[i]].Add(&records[i]);
      for (SplitWriter& writer : writers) {
        for (int s = 0; s < writer.num_shards(); ++s) shards.emplace_back(&writer, s);
      }
      status = compute::ParallelFor(static_cast<int>(shards.size()),
                                    [&](int i) { return shards[i].first->WritePending(shards[i].second); });
    }
    absl::StatusOr<std::unique_ptr<data::ExampleBlock>> next_block = next.get();
    RETURN_IF_ERROR(status);
    RETURN_IF_ERROR(next_block.status());
    notes->examples += static_cast<int64_t>(n);
    progress(absl::StrCat(notes->examples, " examples"), -1);
    block = *std::move(next_block);
  }
  for (const std::string& file : source->EmptyFiles()) notes->empty_files.push_back(file);
  for (const std::string& warning : source->Warnings()) notes->warnings.push_back(warning);
  return absl::OkStatus();
}

}  // namespace tfxm

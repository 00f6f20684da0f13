// SPDX-License-Identifier: Apache-2.0

// ImportExampleGen: TFRecords of tf.Examples -> the Examples artifact, split by hash.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <future>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "google/protobuf/arena.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/components/driver.h"
#include "tfxm/components/example_gen/input_config.h"
#include "tfxm/components/executor.h"
#include "tfxm/compute/block_reader.h"
#include "tfxm/compute/pass.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using tfx::components::example_gen::SplitConfig;

constexpr char kName[] = "tfx.components.example_gen.import_example_gen.executor.Executor";
constexpr int kBlockRecords = 8192;
constexpr char kAllowEmptySplits[] = "allow_empty_splits";

struct Config {
  std::string input_base;
  tfx::components::example_gen::Input input;
  tfx::components::example_gen::Output output;
};

absl::StatusOr<Config> ParseConfig(const Properties& exec_properties) {
  Config config;
  ASSIGN_OR_RETURN(config.input_base, StringProperty(exec_properties, "input_base"));
  ASSIGN_OR_RETURN(const std::string input, StringProperty(exec_properties, "input_config"));
  RETURN_IF_ERROR(Annotate(io::ParseJson(input, &config.input), "input_config"));
  const std::string output = StringPropertyOr(exec_properties, "output_config", "");
  if (!output.empty()) RETURN_IF_ERROR(Annotate(io::ParseJson(output, &config.output), "output_config"));
  return config;
}

// What TFX hashes to find the split of a record: the deterministic serialization of the tf.Example, or of one feature,
// all its values together. Sets *several_values if there is more than one.
absl::StatusOr<std::string> PartitionKey(absl::string_view record, const SplitConfig& config,
                                         std::atomic<bool>* several_values) {
  google::protobuf::Arena arena;
  auto* example = google::protobuf::Arena::Create<tensorflow::Example>(&arena);
  if (!example->ParseFromString(record)) return absl::InvalidArgumentError("not a tf.Example");
  if (config.partition_feature_name().empty()) return io::SerializeDeterministically(*example);
  const auto& features = example->features().feature();
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

// How many files a split of so many bytes gets: it follows from the data alone, so that the same data give the same
// files on every machine.
int NumShards(double bytes) {
  constexpr double kShardBytes = 64 << 20;
  return static_cast<int>(std::clamp(std::ceil(bytes / kShardBytes), 2.0, 1000.0));
}

absl::StatusOr<double> TotalBytes(const std::vector<std::string>& files) {
  double bytes = 0;
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const int64_t size, io::FileSize(file));
    bytes += static_cast<double>(size);
  }
  return bytes;
}

// Writes one output split, its records dealt to the shards in turn.
class SplitWriter {
 public:
  absl::Status Open(const std::string& dir, int num_shards) {
    RETURN_IF_ERROR(io::MakeDirs(dir));
    for (int s = 0; s < num_shards; ++s) {
      ASSIGN_OR_RETURN(auto writer, data::TFRecordWriter::Create(
                                        io::JoinPath(dir, data::ShardName("data_tfrecord", s, num_shards))));
      shards_.push_back(std::move(writer));
    }
    return absl::OkStatus();
  }

  // The record must stay until it is written.
  void Add(absl::string_view record) {
    if (pending_.size() < shards_.size()) pending_.resize(shards_.size());
    pending_[static_cast<size_t>(num_records_++) % shards_.size()].push_back(record);
  }

  int num_shards() const { return static_cast<int>(shards_.size()); }
  int64_t num_records() const { return num_records_; }

  // Writes what Add gave to one shard; different shards may be written at the same time.
  absl::Status WritePending(int shard) {
    if (static_cast<size_t>(shard) >= pending_.size()) return absl::OkStatus();
    for (const absl::string_view record : pending_[shard]) RETURN_IF_ERROR(shards_[shard]->Write(record));
    pending_[shard].clear();
    return absl::OkStatus();
  }

  absl::Status Close() {
    for (auto& shard : shards_) RETURN_IF_ERROR(shard->Close());
    return absl::OkStatus();
  }

 private:
  std::vector<std::unique_ptr<data::TFRecordWriter>> shards_;
  std::vector<std::vector<absl::string_view>> pending_;
  int64_t num_records_ = 0;
};

// What there is to say about the input when it has been read.
struct InputNotes {
  int64_t examples = 0;
  std::vector<std::string> empty_files;
  std::atomic<bool> several_partition_values = false;
};

// Reads all files of an input split and deals their records to `writers`: to the only one, or by hash bucket.
absl::Status SplitRecords(const std::vector<std::string>& all_files, const SplitConfig& split_config,
                          const ExecutorContext& context, absl::Span<SplitWriter> writers, InputNotes* notes) {
  std::vector<uint32_t> bucket_ends;  // Running totals of hash_buckets.
  for (const auto& split : split_config.splits()) {
    bucket_ends.push_back((bucket_ends.empty() ? 0 : bucket_ends.back()) + static_cast<uint32_t>(split.hash_buckets()));
  }
  std::vector<std::string> files;  // But those of 0 bytes, which are no gzip streams either.
  for (const std::string& file : all_files) {
    ASSIGN_OR_RETURN(const int64_t size, io::FileSize(file));
    (size == 0 ? notes->empty_files : files).push_back(file);
  }
  // One thread at a time reads, so that the blocks come in the files' order.
  compute::BlockReader reader(files, {.batch_size = kBlockRecords});
  const auto read = [&reader](compute::RecordBlock* block) { return reader.Next(block); };
  compute::RecordBlock block, next_block;
  ASSIGN_OR_RETURN(bool more, read(&block));
  while (more) {
    // The next block is read and decompressed while this one is hashed and written.
    auto next = std::async(std::launch::async, read, &next_block);
    std::vector<size_t> split_of(block.size());
    constexpr int kChunk = 256;
    absl::Status status = compute::ParallelFor((block.size() + kChunk - 1) / kChunk, [&](int c) -> absl::Status {
      const int end = std::min(block.size(), (c + 1) * kChunk);
      for (int i = c * kChunk; i < end; ++i) {
        const absl::StatusOr<std::string> key =
            PartitionKey(block.record(i), split_config, &notes->several_partition_values);
        if (!key.ok()) {
          return Annotate(key.status(), absl::StrCat(files[block.file], ": record ", block.first_record + i));
        }
        if (bucket_ends.empty()) continue;
        const uint32_t bucket = DigestModulo(Sha256::Hash(*key), bucket_ends.back());
        split_of[i] =
            static_cast<size_t>(std::upper_bound(bucket_ends.begin(), bucket_ends.end(), bucket) - bucket_ends.begin());
      }
      return absl::OkStatus();
    });
    if (status.ok()) {
      std::vector<std::pair<SplitWriter*, int>> shards;
      for (int i = 0; i < block.size(); ++i) writers[split_of[i]].Add(block.record(i));
      for (SplitWriter& writer : writers) {
        for (int s = 0; s < writer.num_shards(); ++s) shards.emplace_back(&writer, s);
      }
      status = compute::ParallelFor(static_cast<int>(shards.size()),
                                    [&](int i) { return shards[i].first->WritePending(shards[i].second); });
    }
    const absl::StatusOr<bool> more_after = next.get();
    RETURN_IF_ERROR(status);
    RETURN_IF_ERROR(more_after.status());
    if (block.number == 0 && block.size() == 0) notes->empty_files.push_back(files[block.file]);
    notes->examples += block.size();
    context.progress(absl::StrCat(notes->examples, " examples"), -1);
    more = *more_after;
    std::swap(block, next_block);
  }
  return absl::OkStatus();
}

class ImportExampleGenDriver : public Driver {
 public:
  absl::Status ResolveExecProperties(Properties* exec_properties) override {
    ASSIGN_OR_RETURN(const Config config, ParseConfig(*exec_properties));
    RETURN_IF_ERROR(OutputSplitNames(config.input, config.output).status());
    tfx::configs::RangeConfig range_config;
    const std::string range = StringPropertyOr(*exec_properties, "range_config", "");
    if (!range.empty()) RETURN_IF_ERROR(Annotate(io::ParseJson(range, &range_config), "range_config"));
    ASSIGN_OR_RETURN(const ResolvedInput resolved,
                     ResolveInput(config.input_base, config.input, range.empty() ? nullptr : &range_config));
    if (resolved.input.SerializeAsString() != config.input.SerializeAsString()) {
      ASSIGN_OR_RETURN((*exec_properties)["input_config"], io::ToJson(resolved.input));
    }
    (*exec_properties)["span"] = resolved.span;
    if (resolved.version) (*exec_properties)["version"] = *resolved.version;
    (*exec_properties)["input_fingerprint"] = resolved.fingerprint;
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> InputFilesOf(const Properties& exec_properties) override {
    ASSIGN_OR_RETURN(const Config config, ParseConfig(exec_properties));
    std::vector<std::string> all;
    for (const auto& split : config.input.splits()) {
      ASSIGN_OR_RETURN(const std::vector<std::string> files, InputFiles(config.input_base, split));
      all.insert(all.end(), files.begin(), files.end());
    }
    return all;
  }
};

class ImportExampleGenExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const Config config, ParseConfig(exec_properties));
    ASSIGN_OR_RETURN(Artifact* const examples, SingleArtifact(outputs, "examples"));
    ASSIGN_OR_RETURN(const std::vector<std::string> names, OutputSplitNames(config.input, config.output));
    std::vector<SplitWriter> writers(names.size());
    const auto open = [&](size_t i, double bytes) {
      return writers[i].Open(data::SplitDir(examples->uri, names[i]), NumShards(bytes));
    };
    InputNotes notes;
    const SplitConfig& split_config = config.output.split_config();
    if (split_config.splits_size() > 0) {
      ASSIGN_OR_RETURN(const std::vector<std::string> files, InputFiles(config.input_base, config.input.splits(0)));
      ASSIGN_OR_RETURN(const double bytes, TotalBytes(files));
      double buckets = 0;
      for (const auto& split : split_config.splits()) buckets += split.hash_buckets();
      for (size_t i = 0; i < names.size(); ++i) {
        RETURN_IF_ERROR(open(i, bytes * split_config.splits(static_cast<int>(i)).hash_buckets() / buckets));
      }
      RETURN_IF_ERROR(SplitRecords(files, split_config, context, absl::MakeSpan(writers), &notes));
    } else {
      for (size_t i = 0; i < names.size(); ++i) {
        ASSIGN_OR_RETURN(const std::vector<std::string> files,
                         InputFiles(config.input_base, config.input.splits(static_cast<int>(i))));
        ASSIGN_OR_RETURN(const double bytes, TotalBytes(files));
        RETURN_IF_ERROR(open(i, bytes));
        RETURN_IF_ERROR(SplitRecords(files, SplitConfig(), context, absl::MakeSpan(&writers[i], 1), &notes));
      }
    }
    for (SplitWriter& writer : writers) RETURN_IF_ERROR(writer.Close());
    RETURN_IF_ERROR(CheckNotEmpty(config, names, writers, notes, IntPropertyOr(exec_properties, kAllowEmptySplits, 0)));
    context.progress(Summary(config, names, writers, notes), 1);
    examples->properties["split_names"] = data::EncodeSplitNames(names);
    const int64_t span = IntPropertyOr(exec_properties, "span", 0);
    examples->properties["span"] = span;
    examples->custom_properties["span"] = span;
    if (exec_properties.count("version") > 0) {
      examples->custom_properties["version"] = IntPropertyOr(exec_properties, "version", 0);
    }
    examples->custom_properties["input_fingerprint"] = StringPropertyOr(exec_properties, "input_fingerprint", "");
    examples->custom_properties["payload_format"] = std::string("FORMAT_TF_EXAMPLE");
    examples->custom_properties["file_format"] = std::string("tfrecords_gzip");
    return absl::OkStatus();
  }

 private:
  static absl::Status CheckNotEmpty(const Config& config, const std::vector<std::string>& names,
                                    const std::vector<SplitWriter>& writers, const InputNotes& notes,
                                    bool allow_empty_splits) {
    if (notes.examples == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("the input in ", config.input_base,
                       " has no record; give TFRecord files of tf.Examples. Empty: ", FileList(notes.empty_files)));
    }
    if (allow_empty_splits) return absl::OkStatus();
    for (size_t i = 0; i < names.size(); ++i) {
      if (writers[i].num_records() > 0) continue;
      std::string why;
      if (config.output.split_config().splits_size() == 0) {
        why = absl::StrCat("no record is in the files of its pattern \"",
                           config.input.splits(static_cast<int>(i)).pattern(), "\"");
      } else if (const std::string& feature = config.output.split_config().partition_feature_name(); !feature.empty()) {
        why = absl::StrCat("each value of \"", feature, "\" (partition_feature_name) goes into one split, and all ",
                           notes.examples, " examples have values of others; take a feature with more values");
      } else {
        why = absl::StrCat("all ", notes.examples, " examples fall into other splits; it takes more data");
      }
      return absl::InvalidArgumentError(
          absl::StrCat("split \"", names[i], "\" is empty: ", why, ". To go on with it: --allow_empty_splits"));
    }
    return absl::OkStatus();
  }

  // "60 examples (train 40, eval 20)", and what to look at.
  static std::string Summary(const Config& config, const std::vector<std::string>& names,
                             const std::vector<SplitWriter>& writers, const InputNotes& notes) {
    std::vector<std::string> counts;
    for (size_t i = 0; i < names.size(); ++i) counts.push_back(absl::StrCat(names[i], " ", writers[i].num_records()));
    std::string text = absl::StrCat(notes.examples, " examples (", absl::StrJoin(counts, ", "), ")");
    if (!notes.empty_files.empty()) {
      absl::StrAppend(&text, "; warning: without a record: ", FileList(notes.empty_files));
    }
    if (notes.several_partition_values) {
      absl::StrAppend(&text, "; warning: \"", config.output.split_config().partition_feature_name(),
                      "\" has several values in some examples, which are hashed together, as TFX does");
    }
    std::fprintf(stderr, "%s\n", text.c_str());
    return text;
  }

  static std::string FileList(const std::vector<std::string>& files) {
    constexpr size_t kMost = 5;
    const size_t n = std::min(files.size(), kMost);
    return absl::StrCat(absl::StrJoin(files.begin(), files.begin() + static_cast<ptrdiff_t>(n), ", "),
                        files.size() > n ? absl::StrCat(" and ", files.size() - n, " more") : "");
  }
};

TFXM_REGISTER(ExecutorRegistry, kName, [] { return std::make_unique<ImportExampleGenExecutor>(); });
TFXM_REGISTER(DriverRegistry, kName, [] { return std::make_unique<ImportExampleGenDriver>(); });

}  // namespace
}  // namespace tfxm

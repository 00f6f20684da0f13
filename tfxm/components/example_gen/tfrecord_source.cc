// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/example_gen/tfrecord_source.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/compute/block_reader.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr int kBlockRecords = 8192;

class TFRecordBlock : public data::ExampleBlock {
 public:
  TFRecordBlock(compute::RecordBlock records, std::string file, bool sequence_examples)
      : records_(std::move(records)), file_(std::move(file)), sequence_examples_(sequence_examples) {}
  int size() const override { return records_.size(); }
  absl::Status Encode(int i, std::string* record) const override {
    *record = std::string(records_.record(i));
    return absl::OkStatus();
  }
  std::string Origin(int i) const override { return absl::StrCat(file_, ": record ", records_.first_record + i); }
  bool IsDeterministic() const override { return false; }
  bool TakesSequenceExamples() const override { return sequence_examples_; }

 private:
  const compute::RecordBlock records_;
  const std::string file_;
  const bool sequence_examples_;
};

class TFRecordSource : public data::ExampleSource {
 public:
  TFRecordSource(std::vector<std::string> files, bool sequence_examples)
      : files_(std::move(files)), sequence_examples_(sequence_examples) {}

  // One thread at a time reads, so that the blocks come in the files' order.
  absl::StatusOr<std::unique_ptr<data::ExampleBlock>> Next() override {
    if (reader_ == nullptr) {
      std::vector<std::string> files;  // But those of 0 bytes, which are not gzip streams either.
      for (const std::string& file : files_) {
        ASSIGN_OR_RETURN(const int64_t size, io::FileSize(file));
        (size == 0 ? empty_files_ : files).push_back(file);
      }
      reader_ =
          std::make_unique<compute::BlockReader>(std::move(files), compute::BlockOptions{.batch_size = kBlockRecords});
    }
    compute::RecordBlock block;
    ASSIGN_OR_RETURN(const bool more, reader_->Next(&block));
    if (!more) return nullptr;
    const std::string& file = reader_->files()[block.file];
    if (block.number == 0 && block.size() == 0) empty_files_.push_back(file);
    return std::make_unique<TFRecordBlock>(std::move(block), file, sequence_examples_);
  }

  std::vector<std::string> EmptyFiles() const override { return empty_files_; }

 private:
  const std::vector<std::string> files_;
  const bool sequence_examples_;
  std::unique_ptr<compute::BlockReader> reader_;
  std::vector<std::string> empty_files_;
};

}  // namespace

std::unique_ptr<data::ExampleSource> OpenTFRecords(std::vector<std::string> files, bool sequence_examples) {
  return std::make_unique<TFRecordSource>(std::move(files), sequence_examples);
}

}  // namespace tfxm

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/example_gen/tfrecord_source.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr size_t kBlockRecords = 8192;

// Records of one or several files; knows where each came from.
class Block : public data::ExampleBlock {
 public:
  int size() const override { return static_cast<int>(records_.size()); }
  absl::Status Encode(int i, std::string* record) const override {
    *record = records_[static_cast<size_t>(i)];
    return absl::OkStatus();
  }
  std::string Origin(int i) const override {
    const auto& [file, number] = origins_[static_cast<size_t>(i)];
    return absl::StrCat(*file, ": record ", number);
  }
  bool IsDeterministic() const override { return false; }

  void Add(absl::string_view record, std::shared_ptr<const std::string> file, int64_t number) {
    records_.emplace_back(record);
    origins_.emplace_back(std::move(file), number);
  }

 private:
  std::vector<std::string> records_;
  std::vector<std::pair<std::shared_ptr<const std::string>, int64_t>> origins_;
};

class Source : public data::ExampleSource {
 public:
  explicit Source(std::vector<std::string> files) : files_(std::move(files)) {}

  absl::StatusOr<std::unique_ptr<data::ExampleBlock>> Next() override {
    auto block = std::make_unique<Block>();
    absl::string_view record;
    while (block->size() < static_cast<int>(kBlockRecords) && file_ < files_.size()) {
      if (reader_ == nullptr) {
        ASSIGN_OR_RETURN(const int64_t size, io::FileSize(files_[file_]));
        if (size == 0) {  // Of 0 bytes, which is not a gzip stream either.
          empty_files_.push_back(files_[file_++]);
          continue;
        }
        ASSIGN_OR_RETURN(reader_, data::TFRecordReader::Open(files_[file_]));
        name_ = std::make_shared<const std::string>(files_[file_]);
      }
      ASSIGN_OR_RETURN(const bool more, reader_->Next(&record));
      if (more) {
        block->Add(record, name_, reader_->records_read() - 1);
        continue;
      }
      if (reader_->records_read() == 0) empty_files_.push_back(files_[file_]);
      reader_.reset();
      ++file_;
    }
    if (block->size() == 0) return nullptr;
    return block;
  }

  std::vector<std::string> EmptyFiles() const override { return empty_files_; }

 private:
  const std::vector<std::string> files_;
  size_t file_ = 0;
  std::unique_ptr<data::TFRecordReader> reader_;
  std::shared_ptr<const std::string> name_;
  std::vector<std::string> empty_files_;
};

}  // namespace

std::unique_ptr<data::ExampleSource> OpenTFRecords(std::vector<std::string> files) {
  return std::make_unique<Source>(std::move(files));
}

}  // namespace tfxm

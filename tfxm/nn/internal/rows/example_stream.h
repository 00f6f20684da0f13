// SPDX-License-Identifier: Apache-2.0

// Examples of files one after the other.
#ifndef TFXM_NN_INTERNAL_ROWS_EXAMPLE_STREAM_H_
#define TFXM_NN_INTERNAL_ROWS_EXAMPLE_STREAM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {

// An example's: both from 0. Tensors are one file.
struct Place {
  uint32_t file = 0;
  int64_t record = 0;
};

class ExampleStream {
 public:
  explicit ExampleStream(const std::vector<std::string>& files) : files_(files) {}

  // The next example as (batch(), index()); false at the end of the last file.
  absl::StatusOr<bool> Next() {
    ++index_;
    while (index_ >= batch_.num_examples()) {
      batch_.Clear();
      index_ = 0;
      while (reader_ == nullptr) {
        if (next_file_ >= files_.size()) return false;
        ASSIGN_OR_RETURN(reader_, data::TFRecordReader::Open(files_[next_file_++]));
      }
      first_record_ = reader_->records_read();
      absl::string_view record;
      while (batch_.num_examples() < kDecodeBatch) {
        ASSIGN_OR_RETURN(const bool more, reader_->Next(&record));
        if (!more) {
          reader_.reset();
          break;
        }
        RETURN_IF_ERROR(Annotate(batch_.Append(record), Where(batch_.num_examples())));
      }
    }
    return true;
  }
  const data::ExampleBatch& batch() const { return batch_; }
  int index() const { return index_; }
  Place place() const { return {static_cast<uint32_t>(next_file_ - 1), first_record_ + index_}; }
  std::string Where() const { return Where(index_); }

 private:
  static constexpr int kDecodeBatch = 256;
  std::string Where(int index) const {
    return absl::StrCat(files_[next_file_ - 1], ", record ", first_record_ + index);
  }

  const std::vector<std::string>& files_;
  size_t next_file_ = 0;
  std::unique_ptr<data::TFRecordReader> reader_;
  data::ExampleBatch batch_;
  int64_t first_record_ = 0;
  int index_ = -1;
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_ROWS_EXAMPLE_STREAM_H_

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/data/internal/row_order.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/compute/pass.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/nn/random.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

constexpr int kDecodeBatch = 256;

// Examples of files one after the other, without end if asked to.
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
  std::string Where() const { return Where(index_); }
  size_t file() const { return next_file_ - 1; }
  int64_t record() const { return first_record_ + index_; }

 private:
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

class CachedOrder : public RowOrder {
 public:
  CachedOrder(const std::vector<RowStore>& stores, bool shuffle, uint64_t seed, int64_t epochs)
      : stores_(stores), shuffle_(shuffle), seed_(seed), epochs_(epochs) {
    for (size_t s = 0; s < stores.size(); ++s) {
      for (int64_t i = 0; i < stores[s].num_rows(); ++i)
        all_.push_back({static_cast<uint32_t>(s), static_cast<uint32_t>(i)});
    }
    next_ = all_.size();
  }
  absl::StatusOr<bool> Next(Row* row) override {
    if (next_ == all_.size()) {
      if (all_.empty() || epoch_ == epochs_) return false;
      if (shuffle_) {
        order_ = all_;
        Random random(DeriveSeed(seed_, epoch_));
        for (size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random.Below(i)]);
      }
      ++epoch_;
      next_ = 0;
    }
    const auto [store, index] = (shuffle_ ? order_ : all_)[next_++];
    *row = {&stores_[store], index, store, index};
    return true;
  }

 private:
  const std::vector<RowStore>& stores_;
  const bool shuffle_;
  const uint64_t seed_;
  const int64_t epochs_;
  std::vector<std::pair<uint32_t, uint32_t>> all_, order_;
  size_t next_ = 0;
  int64_t epoch_ = 0;
};

// Through a buffer, as tf.data's shuffle: each row is a random one of those in the buffer.
class StreamedOrder : public RowOrder {
 public:
  StreamedOrder(const std::vector<std::string>& files, const std::vector<FeatureSpec>& specs,
                const std::vector<bool>& wanted, int64_t buffer_size, uint64_t seed, int64_t epochs)
      : files_(files),
        buffer_(specs, wanted),
        buffer_size_(std::max<int64_t>(buffer_size, 1)),
        random_(seed),
        epochs_(epochs) {}

  absl::StatusOr<bool> Next(Row* row) override {
    // The slot that was given out last is free again.
    if (free_ >= 0) {
      ASSIGN_OR_RETURN(const bool more, Fill(free_));
      if (!more) {
        slots_.erase(std::find(slots_.begin(), slots_.end(), free_));
      }
      free_ = -1;
    }
    while (!ended_ && static_cast<int64_t>(slots_.size()) < buffer_size_) {
      const int64_t slot = static_cast<int64_t>(slots_.size());
      ASSIGN_OR_RETURN(const bool more, Fill(slot));
      if (!more) break;
      slots_.push_back(slot);
    }
    if (slots_.empty()) return false;
    free_ = slots_[random_.Below(slots_.size())];
    *row = {&buffer_, free_, origins_[free_].first, origins_[free_].second};
    return true;
  }

 private:
  absl::StatusOr<bool> Fill(int64_t slot) {
    while (!ended_) {
      if (stream_ == nullptr) {
        stream_ = std::make_unique<ExampleStream>(files_);
        rows_of_epoch_ = 0;
      }
      ASSIGN_OR_RETURN(const bool more, stream_->Next());
      if (more) {
        ++rows_of_epoch_;
        RETURN_IF_ERROR(Annotate(buffer_.Set(slot, stream_->batch(), stream_->index()), stream_->Where()));
        if (slot == static_cast<int64_t>(origins_.size())) origins_.emplace_back();
        origins_[slot] = {stream_->file(), stream_->record()};
        return true;
      }
      stream_.reset();
      ended_ = rows_of_epoch_ == 0 || ++epoch_ == epochs_;
    }
    return false;
  }

  const std::vector<std::string>& files_;
  RowStore buffer_;
  const int64_t buffer_size_;
  Random random_;
  const int64_t epochs_;
  std::unique_ptr<ExampleStream> stream_;
  std::vector<int64_t> slots_;
  std::vector<std::pair<size_t, int64_t>> origins_;  // By slot: file and record.
  int64_t free_ = -1;
  int64_t epoch_ = 0;
  int64_t rows_of_epoch_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<RowOrder> OrderOfStores(const std::vector<RowStore>& stores, bool shuffle, uint64_t seed,
                                        int64_t epochs) {
  return std::make_unique<CachedOrder>(stores, shuffle, seed, epochs);
}

std::unique_ptr<RowOrder> OrderOfFiles(const std::vector<std::string>& files, const std::vector<FeatureSpec>& specs,
                                       const std::vector<bool>& wanted, int64_t buffer_size, uint64_t seed,
                                       int64_t epochs) {
  return std::make_unique<StreamedOrder>(files, specs, wanted, buffer_size, seed, epochs);
}

absl::StatusOr<bool> ReadAll(const std::vector<std::string>& files, const std::vector<FeatureSpec>& specs,
                             int64_t limit, std::vector<RowStore>* stores) {
  std::atomic<int64_t> bytes = 0;
  std::atomic<bool> too_large = false;
  RowStore empty(specs);
  empty.KeepErrors();
  stores->assign(files.size(), empty);
  RETURN_IF_ERROR(compute::ParallelFor(static_cast<int>(files.size()), [&](int i) -> absl::Status {
    const std::vector<std::string> file = {files[i]};
    ExampleStream stream(file);
    RowStore& store = (*stores)[i];
    while (!too_large) {
      ASSIGN_OR_RETURN(const bool more, stream.Next());
      if (!more) break;
      const int64_t before = store.bytes();
      RETURN_IF_ERROR(Annotate(store.Append(stream.batch(), stream.index()), stream.Where()));
      const int64_t added = store.bytes() - before;
      if (bytes.fetch_add(added) + added > limit) too_large = true;
    }
    return absl::OkStatus();
  }));
  if (too_large) stores->clear();
  return !too_large;
}

}  // namespace tfxm::nn

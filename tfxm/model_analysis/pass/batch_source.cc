// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/pass/batch_source.h"

#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {

BatchSource::BatchSource(std::vector<std::string> files, int batch_size)
    : files_(std::move(files)), batch_size_(batch_size) {
  for (size_t i = 0; i < files_.size(); ++i) states_.push_back(std::make_unique<File>());
}

absl::StatusOr<bool> BatchSource::Read(size_t index, RawBatch* batch) {
  File& file = *states_[index];
  if (file.done) return false;
  if (file.reader == nullptr) {
    ASSIGN_OR_RETURN(file.reader, data::TFRecordReader::Open(files_[index]));
  }
  batch->bytes.clear();
  batch->ends.clear();
  batch->file = static_cast<int>(index);
  batch->first_record = file.reader->records_read();
  absl::string_view record;
  while (batch->size() < batch_size_) {
    ASSIGN_OR_RETURN(const bool more, file.reader->Next(&record));
    if (!more) {
      file.done = true;
      file.reader.reset();
      break;
    }
    batch->bytes.append(record);
    batch->ends.push_back(batch->bytes.size());
  }
  return batch->size() > 0;
}

absl::StatusOr<bool> BatchSource::Next(int worker, RawBatch* batch) {
  // A file that nobody reads now, rather than waiting for one that somebody does.
  for (const bool wait : {false, true}) {
    for (size_t k = 0; k < files_.size(); ++k) {
      const size_t index = (worker + k) % files_.size();
      std::unique_lock<std::mutex> lock(states_[index]->mutex, std::defer_lock);
      if (wait) {
        lock.lock();
      } else if (!lock.try_lock()) {
        continue;
      }
      ASSIGN_OR_RETURN(const bool any, Read(index, batch));
      if (any) return true;
    }
  }
  return false;
}

}  // namespace tfxm::model_analysis

#include "tfxm/model_analysis/batch_source.h"

#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {

BatchSource::BatchSource(std::vector<std::string> files, int batch_size)
    : files_(std::move(files)), batch_size_(batch_size) {
  for (size_t i = 0; i < files_.size(); ++i) states_.push_back(std::make_unique<File>());
}

absl::StatusOr<bool> BatchSource::Next(int worker, RawBatch* batch) {
  const int n = static_cast<int>(files_.size());
  for (int k = 0; k < n; ++k) {
    const int index = (worker + k) % n;
    File& file = *states_[index];
    std::lock_guard<std::mutex> lock(file.mutex);
    if (file.done) continue;
    if (file.reader == nullptr) {
      ASSIGN_OR_RETURN(file.reader, data::TFRecordReader::Open(files_[index]));
    }
    batch->bytes.clear();
    batch->ends.clear();
    batch->file = index;
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
    if (batch->size() > 0) return true;
  }
  return false;
}

}  // namespace tfxm::model_analysis

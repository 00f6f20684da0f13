// SPDX-License-Identifier: Apache-2.0

// Hands out the examples of some TFRecord files in batches to several threads, each example once. Even a single file
// keeps all threads busy: reading (and decompressing) a file is under its lock, decoding is not.
#ifndef TFXM_MODEL_ANALYSIS_PASS_BATCH_SOURCE_H_
#define TFXM_MODEL_ANALYSIS_PASS_BATCH_SOURCE_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/data/tfrecord.h"

namespace tfxm::model_analysis {

// Serialized tf.Examples, back to back.
struct RawBatch {
  std::string bytes;
  std::vector<size_t> ends;
  int file = 0;
  int64_t first_record = 0;

  int size() const { return static_cast<int>(ends.size()); }
  absl::string_view record(int i) const {
    const size_t from = i == 0 ? 0 : ends[i - 1];
    return absl::string_view(bytes).substr(from, ends[i] - from);
  }
};

class BatchSource {
 public:
  BatchSource(std::vector<std::string> files, int batch_size);
  // Fills `batch` with the next records of one file; `worker` says which file is preferred. False: there are no more.
  // Thread safe. Errors name the file and the record.
  absl::StatusOr<bool> Next(int worker, RawBatch* batch);
  const std::vector<std::string>& files() const { return files_; }

 private:
  struct File {
    std::mutex mutex;
    std::unique_ptr<data::TFRecordReader> reader;
    bool done = false;
  };
  // The next records of a file whose mutex is held. False: there are no more.
  absl::StatusOr<bool> Read(size_t index, RawBatch* batch);

  const std::vector<std::string> files_;
  const int batch_size_;
  std::vector<std::unique_ptr<File>> states_;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_PASS_BATCH_SOURCE_H_

// SPDX-License-Identifier: Apache-2.0

// TensorBoard's event files: TFRecords of tensorflow.Event, as tf.summary writes them.
#ifndef TFXM_TENSORBOARD_EVENT_WRITER_H_
#define TFXM_TENSORBOARD_EVENT_WRITER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tfrecord.h"

namespace tfxm::tensorboard {

class EventWriter {
 public:
  // A new file events.out.tfevents.SECONDS.HOST.PID.N.v2 in `dir`, which is made if need be. Complete after Close.
  static absl::StatusOr<std::unique_ptr<EventWriter>> Create(absl::string_view dir);

  absl::Status Scalar(absl::string_view tag, double value, int64_t step);
  // Shown by TensorBoard's text or, with plugin "graph_keras_model", graph view.
  absl::Status Text(absl::string_view tag, absl::string_view text, int64_t step, absl::string_view plugin);
  absl::Status Close();

 private:
  explicit EventWriter(std::unique_ptr<data::TFRecordWriter> writer) : writer_(std::move(writer)) {}
  std::unique_ptr<data::TFRecordWriter> writer_;
};

}  // namespace tfxm::tensorboard

#endif  // TFXM_TENSORBOARD_EVENT_WRITER_H_

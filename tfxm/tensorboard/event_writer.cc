// SPDX-License-Identifier: Apache-2.0

#include "tfxm/tensorboard/event_writer.h"

#include <unistd.h>

#include <atomic>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tensorflow/core/framework/summary.pb.h"
#include "tensorflow/core/framework/tensor.pb.h"
#include "tensorflow/core/util/event.pb.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::tensorboard {
namespace {

double Now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

}  // namespace

absl::StatusOr<std::unique_ptr<EventWriter>> EventWriter::Create(absl::string_view dir) {
  static std::atomic<int> count = 0;
  RETURN_IF_ERROR(io::MakeDirs(dir));
  char host[256] = "localhost";
  gethostname(host, sizeof(host) - 1);
  const double now = Now();
  const std::string name = absl::StrFormat("events.out.tfevents.%010d.%s.%d.%d.v2", static_cast<int64_t>(now), host,
                                           static_cast<int>(getpid()), count++);
  ASSIGN_OR_RETURN(auto records, data::TFRecordWriter::Create(io::JoinPath(dir, name)));
  std::unique_ptr<EventWriter> writer(new EventWriter(std::move(records)));
  tensorflow::Event event;
  event.set_wall_time(static_cast<double>(static_cast<int64_t>(now)));
  event.set_file_version("brain.Event:2");
  event.mutable_source_metadata()->set_writer("tensorflow.core.util.events_writer");
  RETURN_IF_ERROR(writer->writer_->Write(event.SerializeAsString()));
  return writer;
}

absl::Status EventWriter::Scalar(absl::string_view tag, double value, int64_t step) {
  tensorflow::Event event;
  event.set_wall_time(Now());
  event.set_step(step);
  auto* summary = event.mutable_summary()->add_value();
  summary->set_tag(std::string(tag));
  summary->mutable_tensor()->set_dtype(tensorflow::DT_FLOAT);
  summary->mutable_tensor()->mutable_tensor_shape();
  summary->mutable_tensor()->add_float_val(static_cast<float>(value));
  summary->mutable_metadata()->mutable_plugin_data()->set_plugin_name("scalars");
  return writer_->Write(event.SerializeAsString());
}

absl::Status EventWriter::Text(absl::string_view tag, absl::string_view text, int64_t step, absl::string_view plugin) {
  tensorflow::Event event;
  event.set_wall_time(Now());
  event.set_step(step);
  auto* summary = event.mutable_summary()->add_value();
  summary->set_tag(std::string(tag));
  summary->mutable_tensor()->set_dtype(tensorflow::DT_STRING);
  summary->mutable_tensor()->mutable_tensor_shape();
  summary->mutable_tensor()->add_string_val(std::string(text));
  summary->mutable_metadata()->mutable_plugin_data()->set_plugin_name(std::string(plugin));
  return writer_->Write(event.SerializeAsString());
}

absl::Status EventWriter::Close() { return writer_->Close(); }

}  // namespace tfxm::tensorboard

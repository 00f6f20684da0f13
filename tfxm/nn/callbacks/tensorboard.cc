// SPDX-License-Identifier: Apache-2.0

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tfxm/nn/callbacks/callbacks.h"
#include "tfxm/nn/callbacks/checkpoint.h"
#include "tfxm/nn/model.h"
#include "tfxm/tensorboard/event_writer.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn::callbacks {
namespace {

using tensorboard::EventWriter;

class TensorBoardCallback : public Callback {
 public:
  explicit TensorBoardCallback(TensorBoardOptions options) : options_(std::move(options)) {}

  absl::Status OnTrainBegin(FitState& state) override {
    if (options_.update_freq == "batch") {
      every_ = 1;
    } else if (options_.update_freq != "epoch" && (!absl::SimpleAtoi(options_.update_freq, &every_) || every_ < 1)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "TensorBoard: update_freq is \"epoch\", \"batch\" or a number, got \"", options_.update_freq, "\""));
    }
    written_.clear();
    ASSIGN_OR_RETURN(const auto before, io::Glob(io::JoinPath(options_.log_dir, "train", "events.out.tfevents.*")));
    folder_is_new_ = before.empty();
    ASSIGN_OR_RETURN(train_, EventWriter::Create(io::JoinPath(options_.log_dir, "train")));
    if (state.has_validation_data)
      RETURN_IF_ERROR(CheckFolder("TensorBoard", io::JoinPath(options_.log_dir, "validation", "events")));
    return train_->Text("summary", absl::StrCat("```\n", state.model->Summary(), "```"), 0, "text");
  }

  absl::Status OnTrainBatchEnd(FitState& state) override {
    if (every_ == 0 || state.iteration % every_ != 0) return absl::OkStatus();
    for (const auto& [name, value] : state.batch_logs()) {
      RETURN_IF_ERROR(train_->Scalar(absl::StrCat("batch_", name), value, state.iteration - 1));
    }
    return absl::OkStatus();
  }

  absl::Status OnTestEnd(FitState& state, const Logs& logs) override {
    for (const auto& [name, value] : logs) {
      RETURN_IF_ERROR(Write({true, absl::StrCat("evaluation_", name, "_vs_iterations"), value, state.iteration}));
    }
    return absl::OkStatus();
  }

  absl::Status OnEpochEnd(FitState& state, const Logs& logs) override {
    for (const auto& [name, value] : logs) {
      if (name == "learning_rate") continue;  // Below, whether or not a callback sets it.
      absl::string_view tag = name;
      const bool is_validation = absl::ConsumePrefix(&tag, "val_");
      RETURN_IF_ERROR(Write({is_validation, absl::StrCat("epoch_", tag), value, state.epoch}));
    }
    return Write({false, "epoch_learning_rate", state.learning_rate, state.epoch});
  }

  absl::Status OnTrainEnd(FitState& state) override {
    RETURN_IF_ERROR(train_->Close());
    return validation_ == nullptr ? absl::OkStatus() : validation_->Close();
  }

  // What epochs wrote, so that a run that goes on in another folder has a whole curve there.
  std::map<std::string, Tensor> GetState() const override {
    const int64_t n = static_cast<int64_t>(written_.size());
    Tensor tags(DataType::kString, {n}), numbers(DataType::kDouble, {n, 3});
    for (int64_t i = 0; i < n; ++i) {
      tags.strings()[i] = written_[i].tag;
      const auto row = numbers.values<double>().subspan(3 * i, 3);
      row[0] = written_[i].validation;
      row[1] = written_[i].value;
      row[2] = static_cast<double>(written_[i].step);
    }
    return {{"tags", std::move(tags)}, {"numbers", std::move(numbers)}};
  }
  absl::Status SetState(const std::map<std::string, Tensor>& state) override {
    const auto tags = state.find("tags"), numbers = state.find("numbers");
    if (tags == state.end() || numbers == state.end() ||
        numbers->second.num_elements() != 3 * tags->second.num_elements())
      return absl::OkStatus();
    for (int64_t i = 0; i < tags->second.num_elements(); ++i) {
      const auto row = numbers->second.values<double>().subspan(3 * i, 3);
      const Scalar scalar{row[0] != 0, tags->second.strings()[i], row[1], static_cast<int64_t>(row[2])};
      if (folder_is_new_) {
        RETURN_IF_ERROR(Write(scalar));
      } else {
        written_.push_back(scalar);
      }
    }
    return absl::OkStatus();
  }

 private:
  struct Scalar {
    bool validation = false;
    std::string tag;
    double value = 0;
    int64_t step = 0;
  };

  absl::Status Write(const Scalar& scalar) {
    written_.push_back(scalar);
    if (scalar.validation && validation_ == nullptr) {
      ASSIGN_OR_RETURN(validation_, EventWriter::Create(io::JoinPath(options_.log_dir, "validation")));
    }
    return (scalar.validation ? validation_ : train_)->Scalar(scalar.tag, scalar.value, scalar.step);
  }

  const TensorBoardOptions options_;
  int64_t every_ = 0;
  std::unique_ptr<EventWriter> train_, validation_;
  bool folder_is_new_ = true;
  std::vector<Scalar> written_;
};

}  // namespace

CallbackRef TensorBoard(TensorBoardOptions options) {
  return std::make_shared<TensorBoardCallback>(std::move(options));
}

}  // namespace tfxm::nn::callbacks

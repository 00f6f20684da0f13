#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tfxm/data/event_writer.h"
#include "tfxm/nn/callbacks.h"
#include "tfxm/nn/model.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn::callbacks {
namespace {

using data::EventWriter;

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
    ASSIGN_OR_RETURN(train_, EventWriter::Create(io::JoinPath(options_.log_dir, "train")));
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
    RETURN_IF_ERROR(EnsureValidation());
    for (const auto& [name, value] : logs) {
      RETURN_IF_ERROR(validation_->Scalar(absl::StrCat("evaluation_", name, "_vs_iterations"), value, state.iteration));
    }
    return absl::OkStatus();
  }

  absl::Status OnEpochEnd(FitState& state, const Logs& logs) override {
    for (const auto& [name, value] : logs) {
      absl::string_view tag = name;
      const bool is_validation = absl::ConsumePrefix(&tag, "val_");
      if (is_validation) RETURN_IF_ERROR(EnsureValidation());
      RETURN_IF_ERROR((is_validation ? validation_ : train_)->Scalar(absl::StrCat("epoch_", tag), value, state.epoch));
    }
    return train_->Scalar("epoch_learning_rate", state.learning_rate, state.epoch);
  }

  absl::Status OnTrainEnd(FitState& state) override {
    RETURN_IF_ERROR(train_->Close());
    return validation_ == nullptr ? absl::OkStatus() : validation_->Close();
  }

 private:
  absl::Status EnsureValidation() {
    if (validation_ != nullptr) return absl::OkStatus();
    ASSIGN_OR_RETURN(validation_, EventWriter::Create(io::JoinPath(options_.log_dir, "validation")));
    return absl::OkStatus();
  }

  const TensorBoardOptions options_;
  int64_t every_ = 0;
  std::unique_ptr<EventWriter> train_, validation_;
};

}  // namespace

CallbackRef TensorBoard(TensorBoardOptions options) {
  return std::make_shared<TensorBoardCallback>(std::move(options));
}

}  // namespace tfxm::nn::callbacks

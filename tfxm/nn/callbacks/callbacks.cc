// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/callbacks/callbacks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tfxm/data/tensor.h"
#include "tfxm/nn/callbacks/checkpoint.h"
#include "tfxm/nn/model.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {

std::optional<double> FindLog(const Logs& logs, absl::string_view name) {
  for (const auto& [key, value] : logs) {
    if (key == name) return value;
  }
  return std::nullopt;
}

namespace callbacks {
namespace {

Tensor Numbers(const std::vector<double>& numbers) {
  Tensor tensor(DataType::kDouble, {static_cast<int64_t>(numbers.size())});
  std::copy(numbers.begin(), numbers.end(), tensor.values<double>().begin());
  return tensor;
}
// As many numbers as a callback saved; zeros if it saved others.
std::vector<double> SavedNumbers(const std::map<std::string, Tensor>& state, size_t n) {
  std::vector<double> numbers(n);
  const auto found = state.find("numbers");
  if (found != state.end() && found->second.dtype() == DataType::kDouble &&
      found->second.num_elements() == static_cast<int64_t>(n)) {
    std::copy_n(found->second.values<double>().begin(), n, numbers.begin());
  }
  return numbers;
}

// The value a callback watches, and whether it got better.
class Monitor {
 public:
  Monitor(std::string who, std::string name, const std::string& mode, double min_delta)
      : who_(std::move(who)), name_(std::move(name)), mode_(mode), min_delta_(std::fabs(min_delta)) {}

  absl::Status Reset(const FitState& state) {
    RETURN_IF_ERROR(Decide(state));
    best_ = maximize_ ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    return absl::OkStatus();
  }
  // Which way is better. NOT_FOUND names the logs there will be.
  absl::Status Decide(const FitState& state) {
    if (mode_ != "auto" && mode_ != "min" && mode_ != "max") {
      return absl::InvalidArgumentError(
          absl::StrCat(who_, ": mode is \"auto\", \"min\" or \"max\", got \"", mode_, "\""));
    }
    const auto found = std::find_if(state.expected_logs.begin(), state.expected_logs.end(),
                                    [&](const LogSpec& log) { return log.name == name_; });
    if (found == state.expected_logs.end()) {
      return absl::NotFoundError(absl::StrCat(
          who_, " watches \"", name_, "\", but there are only: ",
          absl::StrJoin(state.expected_logs, ", ",
                        [](std::string* out, const LogSpec& log) { absl::StrAppend(out, log.name); }),
          absl::StartsWith(name_, "val_") && !state.has_validation_data ? " (Fit has no validation_data)" : ""));
    }
    if (mode_ == "auto" && found->direction == Metric::Direction::kUnknown) {
      return absl::InvalidArgumentError(absl::StrCat(
          who_, " watches \"", name_, "\", a metric that does not say whether more of it is better; give the mode: ",
          ".mode = \"max\" or \"min\" (or the metric a direction, Metric::WithDirection)"));
    }
    maximize_ = mode_ == "max" || (mode_ == "auto" && found->direction == Metric::Direction::kUp);
    return absl::OkStatus();
  }
  // Nothing in an epoch without validation.
  std::optional<double> Read(const Logs& logs) const { return FindLog(logs, name_); }
  bool Better(double value, double than) const {
    return maximize_ ? value - min_delta_ > than : value + min_delta_ < than;
  }
  double best() const { return best_; }
  void set_best(double best) { best_ = best; }

 private:
  const std::string who_, name_, mode_;
  const double min_delta_;
  bool maximize_ = false;
  double best_ = 0;
};

class EarlyStoppingCallback : public Callback {
 public:
  explicit EarlyStoppingCallback(EarlyStoppingOptions options)
      : options_(std::move(options)), monitor_("EarlyStopping", options_.monitor, options_.mode, options_.min_delta) {}

  absl::Status OnTrainBegin(FitState& state) override {
    wait_ = 0;
    best_weights_.clear();
    return monitor_.Reset(state);
  }
  absl::Status OnEpochEnd(FitState& state, const Logs& logs) override {
    if (state.epoch < options_.start_from_epoch) return absl::OkStatus();
    const std::optional<double> value = monitor_.Read(logs);
    if (!value) return absl::OkStatus();
    if (options_.restore_best_weights && best_weights_.empty()) {
      ASSIGN_OR_RETURN(best_weights_, state.model->GetWeights());
    }
    ++wait_;
    if (monitor_.Better(*value, monitor_.best())) {
      monitor_.set_best(*value);
      if (options_.restore_best_weights) {
        ASSIGN_OR_RETURN(best_weights_, state.model->GetWeights());
      }
      if (!options_.baseline || monitor_.Better(*value, *options_.baseline)) wait_ = 0;
      return absl::OkStatus();
    }
    if (wait_ >= options_.patience && state.epoch > 0) state.stop_training = true;
    return absl::OkStatus();
  }
  absl::Status OnTrainEnd(FitState& state) override {
    return best_weights_.empty() ? absl::OkStatus() : state.model->SetWeights(best_weights_);
  }
  std::map<std::string, Tensor> GetState() const override {
    std::map<std::string, Tensor> state = {{"numbers", Numbers({monitor_.best(), static_cast<double>(wait_)})}};
    for (const auto& [name, value] : best_weights_) state["best/" + name] = value;
    return state;
  }
  absl::Status SetState(const std::map<std::string, Tensor>& state) override {
    const std::vector<double> numbers = SavedNumbers(state, 2);
    monitor_.set_best(numbers[0]);
    wait_ = static_cast<int>(numbers[1]);
    for (const auto& [name, value] : state) {
      if (absl::StartsWith(name, "best/")) best_weights_[name.substr(5)] = value;
    }
    return absl::OkStatus();
  }

 private:
  const EarlyStoppingOptions options_;
  Monitor monitor_;
  int wait_ = 0;
  std::map<std::string, Tensor> best_weights_;
};

// "{epoch:02d}", "{val_loss:.4f}": a name, and printf's width, precision and conversion.
absl::StatusOr<std::string> FillIn(const std::string& path, int epoch, const Logs& logs) {
  std::string filled;
  for (size_t i = 0; i < path.size(); ++i) {
    const size_t end = path[i] == '{' ? path.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      filled += path[i];
      continue;
    }
    const std::string field = path.substr(i + 1, end - i - 1);
    const size_t colon = field.find(':');
    const std::string name = field.substr(0, colon);
    std::string format = colon == std::string::npos ? "" : field.substr(colon + 1);
    i = end;
    if (name == "epoch") {
      if (format.empty()) format = 'd';
      const auto parsed = absl::ParsedFormat<'d'>::New("%" + format);
      if (parsed == nullptr)
        return absl::InvalidArgumentError(absl::StrCat("ModelCheckpoint: no format of an epoch: {", field, "}"));
      filled += absl::StrFormat(*parsed, epoch);
      continue;
    }
    const auto value = FindLog(logs, name);
    if (format.empty()) format = 'g';
    const auto parsed = absl::ParsedFormat<absl::FormatConversionCharSet::kFloating>::New("%" + format);
    if (!value || parsed == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("ModelCheckpoint: cannot fill in {", field, "} of ", path));
    }
    filled += absl::StrFormat(*parsed, *value);
  }
  return filled;
}

class ModelCheckpointCallback : public Callback {
 public:
  explicit ModelCheckpointCallback(ModelCheckpointOptions options)
      : options_(std::move(options)), monitor_("ModelCheckpoint", options_.monitor, options_.mode, 0) {}
  absl::Status OnTrainBegin(FitState& state) override {
    // Formats are tried before there is anything to lose.
    Logs logs;
    for (const LogSpec& log : state.expected_logs) logs.emplace_back(log.name, 0);
    RETURN_IF_ERROR(FillIn(options_.filepath, 1, logs).status());
    RETURN_IF_ERROR(CheckFolder("ModelCheckpoint", options_.filepath.substr(0, options_.filepath.find('{'))));
    if (!options_.save_best_only) return absl::OkStatus();
    if (std::exchange(begun_, true)) return monitor_.Decide(state);  // The best so far stays the best.
    return monitor_.Reset(state);
  }
  absl::Status OnEpochEnd(FitState& state, const Logs& logs) override {
    const auto value = monitor_.Read(logs);
    if (options_.save_best_only && (!value || !monitor_.Better(*value, monitor_.best()))) return absl::OkStatus();
    for (const LogSpec& log : state.expected_logs) {
      const bool wanted = absl::StrContains(options_.filepath, absl::StrCat("{", log.name, "}")) ||
                          absl::StrContains(options_.filepath, absl::StrCat("{", log.name, ":"));
      if (wanted && !FindLog(logs, log.name)) return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const std::string path, FillIn(options_.filepath, state.epoch + 1, logs));
    ASSIGN_OR_RETURN(auto weights, state.model->GetWeights());
    RETURN_IF_ERROR(WriteVariables(path, weights));
    if (!options_.save_best_only) return absl::OkStatus();
    monitor_.set_best(*value);
    best_path_ = path;
    best_weights_ = std::move(weights);
    return absl::OkStatus();
  }
  // The best weights are among it: where the next run has another folder, it has them too.
  std::map<std::string, Tensor> GetState() const override {
    std::map<std::string, Tensor> state = {{"numbers", Numbers({monitor_.best()})}};
    for (const auto& [name, value] : best_weights_) state["best/" + name] = value;
    Tensor file(DataType::kString, {1});
    file.strings()[0] = best_path_.substr(std::min(best_path_.size(), io::Dirname(options_.filepath).size()));
    state["file"] = std::move(file);
    return state;
  }
  absl::Status SetState(const std::map<std::string, Tensor>& state) override {
    monitor_.set_best(SavedNumbers(state, 1)[0]);
    const auto file = state.find("file");
    for (const auto& [name, value] : state) {
      if (absl::StartsWith(name, "best/")) best_weights_[name.substr(5)] = value;
    }
    if (best_weights_.empty() || file == state.end() || file->second.strings().empty()) return absl::OkStatus();
    best_path_ = io::Dirname(options_.filepath) + file->second.strings()[0];
    return io::Exists(best_path_ + ".index") ? absl::OkStatus() : WriteVariables(best_path_, best_weights_);
  }

 private:
  const ModelCheckpointOptions options_;
  Monitor monitor_;
  bool begun_ = false;
  std::string best_path_;
  std::map<std::string, Tensor> best_weights_;  // If only the best are saved.
};

class LearningRateSchedulerCallback : public Callback {
 public:
  explicit LearningRateSchedulerCallback(std::function<double(int, double)> schedule)
      : schedule_(std::move(schedule)) {}
  absl::Status OnTrainBegin(FitState& state) override {
    if (!state.model->has_learning_rate_schedule()) return absl::OkStatus();
    return absl::FailedPreconditionError(
        "LearningRateScheduler cannot set the learning rate: the optimizer's is a schedule; give the optimizer a "
        "number");
  }
  absl::Status OnEpochBegin(FitState& state) override {
    const double rate = schedule_(state.epoch, state.model->learning_rate());
    if (!CheckLearningRate(rate).ok()) {
      return absl::InvalidArgumentError(absl::StrCat("LearningRateScheduler: the schedule gave ", rate, " for epoch ",
                                                     state.epoch, "; wanted a number that is not negative"));
    }
    state.model->SetLearningRate(rate);
    return absl::OkStatus();
  }
  bool sets_learning_rate() const override { return true; }

 private:
  const std::function<double(int, double)> schedule_;
};

class ReduceLROnPlateauCallback : public Callback {
 public:
  explicit ReduceLROnPlateauCallback(ReduceLROnPlateauOptions options)
      : options_(std::move(options)),
        monitor_("ReduceLROnPlateau", options_.monitor, options_.mode, options_.min_delta) {}
  absl::Status OnTrainBegin(FitState& state) override {
    if (options_.factor >= 1) return absl::InvalidArgumentError("ReduceLROnPlateau: factor must be below 1");
    if (state.model->has_learning_rate_schedule()) {
      return absl::FailedPreconditionError(
          "ReduceLROnPlateau cannot set the learning rate: the optimizer's is a schedule; give the optimizer a number, "
          "or leave the rate to the schedule");
    }
    wait_ = cooldown_ = 0;
    return monitor_.Reset(state);
  }
  absl::Status OnEpochEnd(FitState& state, const Logs& logs) override {
    const std::optional<double> value = monitor_.Read(logs);
    if (!value) return absl::OkStatus();
    if (cooldown_ > 0) {
      --cooldown_;
      wait_ = 0;
    }
    if (monitor_.Better(*value, monitor_.best())) {
      monitor_.set_best(*value);
      wait_ = 0;
      return absl::OkStatus();
    }
    if (cooldown_ > 0 || ++wait_ < options_.patience) return absl::OkStatus();
    const double rate = state.model->learning_rate();
    if (rate > options_.min_lr) {
      state.model->SetLearningRate(std::max(rate * options_.factor, options_.min_lr));
      cooldown_ = options_.cooldown;
      wait_ = 0;
    }
    return absl::OkStatus();
  }
  bool sets_learning_rate() const override { return true; }
  std::map<std::string, Tensor> GetState() const override {
    return {{"numbers", Numbers({monitor_.best(), static_cast<double>(wait_), static_cast<double>(cooldown_)})}};
  }
  absl::Status SetState(const std::map<std::string, Tensor>& state) override {
    const std::vector<double> numbers = SavedNumbers(state, 3);
    monitor_.set_best(numbers[0]);
    wait_ = static_cast<int>(numbers[1]);
    cooldown_ = static_cast<int>(numbers[2]);
    return absl::OkStatus();
  }

 private:
  const ReduceLROnPlateauOptions options_;
  Monitor monitor_;
  int wait_ = 0;
  int cooldown_ = 0;
};

class CsvLoggerCallback : public Callback {
 public:
  CsvLoggerCallback(std::string filename, CSVLoggerOptions options)
      : filename_(std::move(filename)), options_(options) {}
  absl::Status OnTrainBegin(FitState& state) override {
    text_.clear();
    RETURN_IF_ERROR(CheckFolder("CSVLogger", filename_));
    if (!options_.append || !io::Exists(filename_)) return absl::OkStatus();
    ASSIGN_OR_RETURN(text_, io::ReadFile(filename_));
    return absl::OkStatus();
  }
  // Written anew after each epoch, so that there is a whole file at any time.
  absl::Status OnEpochEnd(FitState& state, const Logs& logs) override {
    const std::string separator(1, options_.separator);
    if (text_.empty()) {
      text_ = "epoch";
      for (const LogSpec& log : state.expected_logs) absl::StrAppend(&text_, separator, log.name);
      text_ += "\n";
    }
    absl::StrAppend(&text_, state.epoch);
    for (const LogSpec& log : state.expected_logs) {
      const auto value = FindLog(logs, log.name);
      absl::StrAppend(&text_, separator, value ? absl::StrFormat("%.17g", *value) : "NA");  // As Keras.
    }
    text_ += "\n";
    return io::WriteFile(filename_, text_);
  }
  std::map<std::string, Tensor> GetState() const override {
    Tensor text(DataType::kUint8, {static_cast<int64_t>(text_.size())});
    std::copy(text_.begin(), text_.end(), text.values<uint8_t>().begin());
    return {{"text", std::move(text)}};
  }
  absl::Status SetState(const std::map<std::string, Tensor>& state) override {
    const auto found = state.find("text");
    if (found == state.end() || found->second.dtype() != DataType::kUint8) return absl::OkStatus();
    text_.assign(found->second.values<uint8_t>().begin(), found->second.values<uint8_t>().end());
    return absl::OkStatus();
  }

 private:
  const std::string filename_;
  const CSVLoggerOptions options_;
  std::string text_;
};

class TerminateOnNaNCallback : public Callback {
 public:
  absl::Status OnTrainBatchEnd(FitState& state) override {
    if (!std::isfinite(state.loss)) state.stop_training = true;
    return absl::OkStatus();
  }
};

class LambdaCallbackImpl : public Callback {
 public:
  explicit LambdaCallbackImpl(LambdaOptions options) : options_(std::move(options)) {}
  absl::Status OnEpochBegin(FitState& state) override {
    if (options_.on_epoch_begin) options_.on_epoch_begin(state);
    return absl::OkStatus();
  }
  absl::Status OnEpochEnd(FitState& state, const Logs& logs) override {
    if (options_.on_epoch_end) options_.on_epoch_end(state, logs);
    return absl::OkStatus();
  }
  absl::Status OnTrainBatchEnd(FitState& state) override {
    if (options_.on_train_batch_end) options_.on_train_batch_end(state);
    return absl::OkStatus();
  }

 private:
  const LambdaOptions options_;
};

}  // namespace

CallbackRef EarlyStopping(EarlyStoppingOptions options) {
  return std::make_shared<EarlyStoppingCallback>(std::move(options));
}
CallbackRef ModelCheckpoint(ModelCheckpointOptions options) {
  return std::make_shared<ModelCheckpointCallback>(std::move(options));
}
CallbackRef ReduceLROnPlateau(ReduceLROnPlateauOptions options) {
  return std::make_shared<ReduceLROnPlateauCallback>(std::move(options));
}
CallbackRef TerminateOnNaN() { return std::make_shared<TerminateOnNaNCallback>(); }
CallbackRef LearningRateScheduler(std::function<double(int epoch, double learning_rate)> schedule) {
  return std::make_shared<LearningRateSchedulerCallback>(std::move(schedule));
}
CallbackRef CSVLogger(std::string filename, CSVLoggerOptions options) {
  return std::make_shared<CsvLoggerCallback>(std::move(filename), options);
}
CallbackRef LambdaCallback(LambdaOptions options) { return std::make_shared<LambdaCallbackImpl>(std::move(options)); }

}  // namespace callbacks
}  // namespace tfxm::nn

// SPDX-License-Identifier: Apache-2.0

// What happens around training, with Keras's names and arguments. Folders are made if need be; one that cannot be written
// into is an error before training.
//
//   model.Fit(train, {.callbacks = {callbacks::TensorBoard({.log_dir = fn_args.model_run_dir}),
//                                   callbacks::EarlyStopping({.monitor = "val_loss", .patience = 3})}});
//
// A custom callback is a class derived from nn::Callback.
#ifndef TFXM_NN_CALLBACKS_CALLBACKS_H_
#define TFXM_NN_CALLBACKS_CALLBACKS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"
#include "tfxm/nn/metrics/metrics.h"

namespace tfxm::nn {

class Model;
class Totals;

// Values by name, in the order they are shown: "loss", metrics, "val_loss", …
using Logs = std::vector<std::pair<std::string, double>>;
// Nothing if there is none of that name.
std::optional<double> FindLog(const Logs& logs, absl::string_view name);

// What is known of a log before there is one.
struct LogSpec {
  std::string name;
  Metric::Direction direction = Metric::Direction::kUnknown;
};

class Callback;
using CallbackRef = std::shared_ptr<Callback>;

// The state of a Fit that callbacks see and may change.
struct FitState {
  Model* model = nullptr;
  int epoch = 0;  // From 0.
  int num_epochs = 0;
  int64_t step = 0;              // Within the epoch, from 0.
  int64_t steps_per_epoch = -1;  // -1: not known.
  int64_t batch_size = 0;
  int64_t iteration = 0;         // Updates made since the model was compiled.
  double learning_rate = 0;      // Of the last update.
  double loss = 0;               // Of the last update's batch.
  bool stop_training = false;  // Set by a callback: ends training after this epoch (or batch, set in OnTrainBatchEnd).
  // Loss and metrics of the epoch so far; computed when called.
  std::function<Logs()> batch_logs;
  // The sums behind batch_logs.
  Totals* totals = nullptr;
  // All of this Fit, in the order they are called in.
  const std::vector<CallbackRef>* callbacks = nullptr;
  // The logs that OnEpochEnd will get; those of validation data ("val_…") only in epochs with validation.
  std::vector<LogSpec> expected_logs;
  bool has_validation_data = false;
  // Of FitOptions: by output, then by label.
  const std::map<std::string, std::map<int64_t, double>>* class_weights = nullptr;
  // Where in the data training is: the pass it takes (or took last) and how many batches of it; -1: all of them.
  int64_t data_pass = -1;
  int64_t data_batches = -1;
};

class Callback {
 public:
  virtual ~Callback() = default;
  virtual absl::Status OnTrainBegin(FitState& state) { return absl::OkStatus(); }
  virtual absl::Status OnEpochBegin(FitState& state) { return absl::OkStatus(); }
  // After each update; called very often.
  virtual absl::Status OnTrainBatchEnd(FitState& state) { return absl::OkStatus(); }
  // After the validation in Fit, with its results (no "val_" before the names).
  virtual absl::Status OnTestEnd(FitState& state, const Logs& logs) { return absl::OkStatus(); }
  virtual absl::Status OnEpochEnd(FitState& state, const Logs& logs) { return absl::OkStatus(); }
  virtual absl::Status OnTrainEnd(FitState& state) { return absl::OkStatus(); }

  // What it remembers from epoch to epoch, for a backup of the training; SetState gets it back after OnTrainBegin.
  virtual std::map<std::string, Tensor> GetState() const { return {}; }
  virtual absl::Status SetState(const std::map<std::string, Tensor>& state) { return absl::OkStatus(); }
  // Called after the other callbacks, wherever it stands among them.
  virtual bool goes_last() const { return false; }
  // Whether it sets the learning rate: then "learning_rate", that of the epoch, is among its logs, as in Keras.
  virtual bool sets_learning_rate() const { return false; }
};

// Where training says how far it is if it is asked to decide for itself (FitOptions::verbose): what a Trainer puts into
// the display of the pipeline. `fraction` of all epochs; -1 if not known. Null (the default): a bar on a terminal,
// otherwise a line per epoch.
using ProgressListener = std::function<void(absl::string_view message, double fraction)>;
void SetProgressListener(ProgressListener listener);
ProgressListener GetProgressListener();

namespace callbacks {

struct TensorBoardOptions {
  std::string log_dir = "logs";
  // "epoch", "batch", or a number of batches: also batch_loss, batch_….
  std::string update_freq = "epoch";
};
// Event files in log_dir/train and log_dir/validation: epoch_loss, epoch_METRIC, epoch_learning_rate,
// evaluation_loss_vs_iterations, …; the model's summary as text. With a BackupAndRestore, what the epochs before a kill
// wrote is written again if log_dir is another folder now.
CallbackRef TensorBoard(TensorBoardOptions options = {});

// Callbacks with a `monitor` pass over the epochs that have no such log because they are without validation
// (FitOptions::validation_freq). It must be one of the logs that training has.
struct EarlyStoppingOptions {
  std::string monitor = "val_loss";
  double min_delta = 0;
  int patience = 0;
  // "min", "max"; "auto": as the metric says (Metric::direction), an error if it does not say it.
  std::string mode = "auto";
  std::optional<double> baseline;
  bool restore_best_weights = false;
  int start_from_epoch = 0;
};
CallbackRef EarlyStopping(EarlyStoppingOptions options = {});

struct ModelCheckpointOptions {
  // {epoch} (from 1, "{epoch:02d}") and {NAME} or {NAME:.4f} of a log are filled in.
  std::string filepath;
  std::string monitor = "val_loss";
  bool save_best_only = false;
  std::string mode = "auto";
};
// Weights after each epoch; Model::LoadWeights reads them. An epoch without validation whose monitor, or a {NAME} of
// the path, is of validation has no checkpoint. The best value is kept for the next Fit with the same callback. With a
// BackupAndRestore it is kept over a kill as well, and the best weights are written again if they are not where this
// run looks; other files are found only in a folder that both runs have (FnArgs::checkpoint_dir in a run_fn).
CallbackRef ModelCheckpoint(ModelCheckpointOptions options);

struct ReduceLROnPlateauOptions {
  std::string monitor = "val_loss";
  double factor = 0.1;
  int patience = 10;
  std::string mode = "auto";
  double min_delta = 1e-4;
  int cooldown = 0;
  double min_lr = 0;
};
// FAILED_PRECONDITION for an optimizer whose learning rate is a schedule.
CallbackRef ReduceLROnPlateau(ReduceLROnPlateauOptions options = {});

// Ends training at a batch whose loss is nan or infinite.
CallbackRef TerminateOnNaN();

// Before each epoch (from 0) the learning rate becomes what the schedule makes of it. An error where the optimizer's is
// a schedule already.
CallbackRef LearningRateScheduler(std::function<double(int epoch, double learning_rate)> schedule);

struct CSVLoggerOptions {
  char separator = ',';
  bool append = false;
};
CallbackRef CSVLogger(std::string filename, CSVLoggerOptions options = {});

struct BackupAndRestoreOptions {
  std::string backup_dir;
  // After each epoch, and after so many updates within one (0: only epochs).
  int64_t save_freq = 0;
};
// Training that was killed goes on where the last backup was made, and ends with the same weights as if it had not
// been. What other callbacks remember (EarlyStopping's best weights, …) is part of it. Killed at any instant, there is
// a whole backup, or none yet. The same program must be started again with the same data, and backup_dir be where the
// rerun finds it (FnArgs::checkpoint_dir in a run_fn). A backup of another training is INVALID_ARGUMENT, which names what
// has changed: anything of Model::Configuration, the batch size, the steps of an epoch, the callbacks that remember
// something. The number of epochs may be another. The backup is removed when training has ended; one from before the
// loss was NaN or infinite stays, and is not replaced by what comes after.
CallbackRef BackupAndRestore(BackupAndRestoreOptions options);

// Calls the functions that are given.
struct LambdaOptions {
  std::function<void(FitState&)> on_epoch_begin;
  std::function<void(FitState&, const Logs&)> on_epoch_end;
  std::function<void(FitState&)> on_train_batch_end;
};
CallbackRef LambdaCallback(LambdaOptions options);

}  // namespace callbacks
}  // namespace tfxm::nn

#endif  // TFXM_NN_CALLBACKS_CALLBACKS_H_

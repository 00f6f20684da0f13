// SPDX-License-Identifier: Apache-2.0

// BackupAndRestore: a training that goes on after a kill as if there had been none.
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/nn/callbacks/callbacks.h"
#include "tfxm/nn/callbacks/checkpoint.h"
#include "tfxm/nn/internal/program.h"
#include "tfxm/nn/model.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn::callbacks {
namespace {

// Where training is: {epoch, step, iteration, learning rate that was set or -1, whether it is to stop, pass over the
// data, batches of it}, then the epoch's totals.
constexpr char kPosition[] = "backup/position_in_data";
constexpr size_t kPositionSize = 7;
constexpr char kOptimizer[] = "backup/optimizer";  // Its name.

// The prefix of what a callback remembers.
std::string CallbackPrefix(size_t index) { return absl::StrCat("callback/", index, "/"); }

class BackupCallback : public Callback {
 public:
  explicit BackupCallback(BackupAndRestoreOptions options)
      : options_(std::move(options)), latest_(io::JoinPath(options_.backup_dir, "latest")) {}

  absl::Status OnTrainBegin(FitState& state) override {
    if (!io::Exists(latest_)) return absl::OkStatus();
    ASSIGN_OR_RETURN(name_, io::ReadFile(latest_));
    const std::string path = io::JoinPath(options_.backup_dir, name_);
    ASSIGN_OR_RETURN(auto variables, ReadVariables(path, {}, false));
    const auto found = variables.find(kPosition);
    if (found == variables.end() || found->second.num_elements() < static_cast<int64_t>(kPositionSize)) {
      return absl::DataLossError(absl::StrCat(path, " is not a backup of a training by this version"));
    }
    if (const auto optimizer = variables.find(kOptimizer);
        optimizer != variables.end() && optimizer->second.strings().size() == 1) {
      if (optimizer->second.strings()[0] != state.model->optimizer_name()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "the backup ", path, " is of a training with optimizer ", optimizer->second.strings()[0], ", this one has ",
            state.model->optimizer_name(), "; remove ", options_.backup_dir, " to start anew, or take another folder"));
      }
      variables.erase(optimizer);
    }
    const auto numbers = found->second.values<double>();
    state.epoch = static_cast<int>(numbers[0]);
    state.step = static_cast<int64_t>(numbers[1]);
    state.iteration = static_cast<int64_t>(numbers[2]);
    if (numbers[3] >= 0) state.model->SetLearningRate(numbers[3]);
    state.stop_training = numbers[4] != 0;
    state.data_pass = static_cast<int64_t>(numbers[5]);
    state.data_batches = static_cast<int64_t>(numbers[6]);
    state.totals->Restore({numbers.begin() + kPositionSize, numbers.end()});
    variables.erase(found);
    for (size_t i = 0; i < state.callbacks->size(); ++i) {
      const std::string prefix = CallbackPrefix(i);
      std::map<std::string, Tensor> remembered;
      for (auto it = variables.lower_bound(prefix); it != variables.end() && absl::StartsWith(it->first, prefix);) {
        remembered[it->first.substr(prefix.size())] = std::move(it->second);
        it = variables.erase(it);
      }
      if (!remembered.empty()) RETURN_IF_ERROR(Annotate((*state.callbacks)[i]->SetState(remembered), path));
    }
    return Annotate(state.model->SetState(variables, state.iteration),
                    absl::StrCat("the backup ", path, " does not fit (remove ", options_.backup_dir,
                                 " to start anew, or take another folder)"));
  }

  absl::Status OnTrainBatchEnd(FitState& state) override {
    if (options_.save_freq <= 0 || state.step % options_.save_freq != 0) return absl::OkStatus();
    if (state.step == state.steps_per_epoch) return absl::OkStatus();  // The epoch's own backup comes next.
    return Save(state, state.epoch, state.step, state.totals->Save());
  }
  absl::Status OnEpochEnd(FitState& state, const Logs& logs) override { return Save(state, state.epoch + 1, 0, {}); }
  absl::Status OnTrainEnd(FitState& state) override { return io::RemoveAll(options_.backup_dir); }
  // A backup of an epoch has what the other callbacks made of it.
  bool goes_last() const override { return true; }

 private:
  absl::Status Save(FitState& state, int epoch, int64_t step, const std::vector<double>& totals) {
    ASSIGN_OR_RETURN(auto variables, state.model->GetState());
    Tensor position(DataType::kDouble, {static_cast<int64_t>(kPositionSize + totals.size())});
    const auto numbers = position.values<double>();
    numbers[0] = epoch;
    numbers[1] = static_cast<double>(step);
    numbers[2] = static_cast<double>(state.iteration);
    numbers[3] = state.model->learning_rate_override().value_or(-1);
    numbers[4] = state.stop_training;
    numbers[5] = static_cast<double>(state.data_pass);
    numbers[6] = static_cast<double>(state.data_batches);
    std::copy(totals.begin(), totals.end(), numbers.begin() + kPositionSize);
    variables[kPosition] = std::move(position);
    Tensor optimizer(DataType::kString, {1});
    optimizer.strings()[0] = state.model->optimizer_name();
    variables[kOptimizer] = std::move(optimizer);
    for (size_t i = 0; i < state.callbacks->size(); ++i) {
      for (auto& [name, value] : (*state.callbacks)[i]->GetState()) variables[CallbackPrefix(i) + name] = value;
    }
    // A new checkpoint, then one file that says it is the latest: at any moment there is a whole one.
    const std::string name = absl::StrCat("epoch_", epoch, "_step_", step);
    RETURN_IF_ERROR(WriteVariables(io::JoinPath(options_.backup_dir, name), variables));
    RETURN_IF_ERROR(io::WriteFile(latest_, name));
    const std::string old = std::exchange(name_, name);
    if (old.empty() || old == name) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<std::string> files,
                     io::Glob(io::JoinPath(io::EscapeGlob(options_.backup_dir), old + ".*")));
    for (const std::string& file : files) RETURN_IF_ERROR(io::RemoveAll(file));
    return absl::OkStatus();
  }

  const BackupAndRestoreOptions options_;
  const std::string latest_;
  std::string name_;  // Of the latest backup.
};

}  // namespace

CallbackRef BackupAndRestore(BackupAndRestoreOptions options) {
  return std::make_shared<BackupCallback>(std::move(options));
}

}  // namespace tfxm::nn::callbacks

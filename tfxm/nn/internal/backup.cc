// SPDX-License-Identifier: Apache-2.0

// BackupAndRestore: a training that goes on after a kill as if there had been none.
#include <cxxabi.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <typeinfo>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/nn/callbacks/callbacks.h"
#include "tfxm/nn/callbacks/checkpoint.h"
#include "tfxm/nn/internal/program.h"
#include "tfxm/nn/internal/progress.h"
#include "tfxm/nn/model.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn::callbacks {
namespace {

// Where training is: {epoch, step, iteration, learning rate that was set or -1, whether it is to stop, pass over the
// data, batches of it}, then the epoch's totals.
constexpr char kPosition[] = "backup/position_in_data";
constexpr size_t kPositionSize = 7;
// What the training is made of: names and texts by turns.
constexpr char kConfiguration[] = "backup/configuration";

// The prefix of what a callback remembers.
std::string CallbackPrefix(size_t index) { return absl::StrCat("callback/", index, "/"); }
// "EarlyStoppingCallback".
std::string ClassName(const Callback& callback) {
  int status = 0;
  char* const demangled = abi::__cxa_demangle(typeid(callback).name(), nullptr, nullptr, &status);
  std::string name = status == 0 ? demangled : typeid(callback).name();
  std::free(demangled);
  const size_t scope = name.rfind("::");
  return scope == std::string::npos ? name : name.substr(scope + 2);
}

// In messages: "callback 1 (EarlyStoppingCallback)".
std::string CallbackName(const FitState& state, size_t index) {
  return absl::StrCat("callback ", index + 1, " (", ClassName(*(*state.callbacks)[index]), ")");
}

using Texts = std::map<std::string, std::string>;

// Not known of files that were not read yet.
constexpr char kSteps[] = "the number of steps of an epoch";

// That which is part of one training and not of another.
absl::StatusOr<Texts> ConfigurationOf(const FitState& state) {
  ASSIGN_OR_RETURN(Texts texts, state.model->Configuration());
  texts["the batch size"] = absl::StrCat(state.batch_size);
  if (state.steps_per_epoch >= 0) texts[kSteps] = absl::StrCat(state.steps_per_epoch);
  for (const auto& [output, weights] : *state.class_weights) {
    texts[absl::StrCat("class_weight of output \"", output, "\"")] =
        absl::StrCat("{", absl::StrJoin(weights, ", ", absl::PairFormatter(": ")), "}");
  }
  return texts;
}

// How two trainings differ, in words; "" if they do not.
std::string Differences(const Texts& then, const Texts& now) {
  std::vector<std::string> differences, unseen;
  const auto shown = [](absl::string_view text) { return text.substr(0, text.find('#')); };
  std::set<std::string> names;
  for (const auto* texts : {&then, &now})
    for (const auto& [name, text] : *texts) names.insert(name);
  for (const std::string& name : names) {
    const auto a = then.find(name), b = now.find(name);
    if (a == then.end() || b == now.end()) {
      if (name == kSteps) continue;
      differences.push_back(absl::StrCat(name, a == then.end() ? " is new" : " is gone"));
    } else if (shown(a->second) != shown(b->second)) {
      differences.push_back(absl::StrCat(name, " was ", shown(a->second), ", is ", shown(b->second)));
    } else if (a->second != b->second) {
      // What is all in the hash follows from what can be shown, if that differs.
      (shown(a->second).empty() ? unseen : differences).push_back(absl::StrCat(name, ": other options"));
    }
  }
  if (differences.empty()) differences = unseen;
  constexpr size_t kMost = 5;
  if (differences.size() > kMost) {
    const size_t more = differences.size() - kMost;
    differences.resize(kMost);
    differences.push_back(absl::StrCat(more, " more differences"));
  }
  return absl::StrJoin(differences, "; ");
}

class BackupCallback : public Callback {
 public:
  explicit BackupCallback(BackupAndRestoreOptions options)
      : options_(std::move(options)), latest_(io::JoinPath(options_.backup_dir, "latest")) {}

  absl::Status OnTrainBegin(FitState& state) override {
    RETURN_IF_ERROR(CheckFolder("BackupAndRestore", latest_));
    ASSIGN_OR_RETURN(configuration_, ConfigurationOf(state));
    if (!io::Exists(latest_)) return absl::OkStatus();
    ASSIGN_OR_RETURN(name_, io::ReadFile(latest_));
    const std::string path = io::JoinPath(options_.backup_dir, name_);
    const std::string advice = absl::StrCat("remove ", options_.backup_dir, " to start anew, or take another folder");
    auto read = ReadVariables(path, {}, false);
    if (!read.ok()) {
      return absl::Status(
          read.status().code(),
          absl::StrCat("the backup ", path, " cannot be read: ", read.status().message(), "; ", advice));
    }
    std::map<std::string, Tensor>& variables = *read;
    const auto found = variables.find(kPosition);
    const auto configuration = variables.find(kConfiguration);
    if (found == variables.end() || found->second.num_elements() < static_cast<int64_t>(kPositionSize) ||
        configuration == variables.end() || configuration->second.num_elements() % 2 != 0) {
      return absl::DataLossError(absl::StrCat(path, " is not a backup of a training by this version; ", advice));
    }
    Texts then;
    const auto texts = configuration->second.strings();
    for (size_t i = 0; i < texts.size(); i += 2) then[texts[i]] = texts[i + 1];
    Texts now = configuration_;
    for (size_t i = 0; i < state.callbacks->size(); ++i) {
      // One may have nothing to remember yet.
      const std::string name = CallbackName(state, i);
      if (then.count(name) > 0 || !(*state.callbacks)[i]->GetState().empty()) now[name] = "";
    }
    if (const std::string differences = Differences(then, now); !differences.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the backup ", path, " is of another training: ", differences, "; ", advice));
    }
    variables.erase(configuration);
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
                    absl::StrCat("the backup ", path, " does not fit (", advice, ")"));
  }

  absl::Status OnTrainBatchEnd(FitState& state) override {
    if (options_.save_freq <= 0 || state.step % options_.save_freq != 0) return absl::OkStatus();
    if (state.step == state.steps_per_epoch) return absl::OkStatus();  // The epoch's own backup comes next.
    return Save(state, state.epoch, state.step, state.totals->Save());
  }
  absl::Status OnEpochEnd(FitState& state, const Logs& logs) override { return Save(state, state.epoch + 1, 0, {}); }
  // A training whose loss is no number has not ended well: the last backup with one stays.
  absl::Status OnTrainEnd(FitState& state) override {
    if (std::isfinite(state.loss)) return io::RemoveAll(options_.backup_dir);
    if (!name_.empty())
      Warn(absl::StrCat("the backup in ", options_.backup_dir, " is kept: it is from before the loss was no number"));
    return absl::OkStatus();
  }
  // A backup of an epoch has what the other callbacks made of it.
  bool goes_last() const override { return true; }

 private:
  absl::Status Save(FitState& state, int epoch, int64_t step, const std::vector<double>& totals) {
    if (!std::isfinite(state.loss)) return absl::OkStatus();
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
    Texts texts = configuration_;
    for (size_t i = 0; i < state.callbacks->size(); ++i) {
      for (auto& [name, value] : (*state.callbacks)[i]->GetState()) {
        variables[CallbackPrefix(i) + name] = value;
        texts[CallbackName(state, i)] = "";
      }
    }
    Tensor configuration(DataType::kString, {2 * static_cast<int64_t>(texts.size())});
    size_t next = 0;
    for (const auto& [name, text] : texts) {
      configuration.strings()[next++] = name;
      configuration.strings()[next++] = text;
    }
    variables[kConfiguration] = std::move(configuration);
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
  Texts configuration_;
};

}  // namespace

CallbackRef BackupAndRestore(BackupAndRestoreOptions options) {
  return std::make_shared<BackupCallback>(std::move(options));
}

}  // namespace tfxm::nn::callbacks

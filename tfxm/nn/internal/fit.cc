// SPDX-License-Identifier: Apache-2.0

// Model's loops: Fit, Evaluate, Predict.
#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/internal/feed.h"
#include "tfxm/nn/internal/model_rep.h"
#include "tfxm/nn/internal/progress.h"
#include "tfxm/nn/internal/step_builder.h"
#include "tfxm/nn/internal/watch/number_watch.h"
#include "tfxm/nn/model.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

FeedSpec SpecOf(const Network& network, const StepConfig& config, bool labels) {
  return {.inputs = network.inputs(),
          .unnamed_input = network.has_unnamed_input(),
          .index_ranges = IndexRanges(network),
          .outputs = network.outputs(),
          .losses = config.losses,
          .labels = labels};
}

// What a model takes of the data.
Dataset::Needed NeededBy(const FeedSpec& spec) {
  Dataset::Needed needed{.labels = spec.labels};
  for (const TensorSpec& input : spec.inputs) needed.features.push_back(input.name);
  return needed;
}

absl::StatusOr<std::unique_ptr<FeedQueue>> OpenQueue(FeedSpec spec, const Dataset& data, uint64_t pass,
                                                     int64_t skip = 0) {
  spec.left_out = data.left_out();
  ASSIGN_OR_RETURN(auto iterator, data.MakeIterator(pass, NeededBy(spec)));
  return std::make_unique<FeedQueue>(std::move(spec), std::move(iterator), skip);
}

// Goes through the labels, weights and indices of a pass from batch `skip` on, once at most through all examples and as
// far as `steps` (0: to the end), where that costs next to nothing: better before there is a training to lose.
absl::Status CheckLabelsAhead(FeedSpec spec, const Dataset& data, uint64_t pass, int64_t skip, int64_t steps) {
  const int64_t all = data.batches_in_memory();
  if (all < 0) return absl::OkStatus();
  std::erase_if(spec.inputs, [&](const TensorSpec& input) { return spec.index_ranges.count(input.name) == 0; });
  ASSIGN_OR_RETURN(const auto iterator, data.MakeIterator(pass, NeededBy(spec)));
  Batch batch;
  const int64_t end = skip + (steps > 0 ? std::min(steps, all) : all);
  for (int64_t i = 0; i < end; ++i) {
    ASSIGN_OR_RETURN(const bool more, iterator->Next(&batch));
    if (!more) break;
    if (i < skip) continue;
    RETURN_IF_ERROR(MakeFeed(spec, batch, [&](int64_t k) { return iterator->Where(k); }).status());
  }
  return absl::OkStatus();
}

absl::Status Empty(absl::string_view what, const Dataset& data) {
  return absl::InvalidArgumentError(absl::StrCat(what, " on a dataset without examples: ", data.WhyEmpty()));
}

// Takes the weights of classes from the options.
absl::Status SetClassWeights(const FitOptions& options, FeedSpec* spec) {
  std::vector<TensorSpec> outputs;  // With a loss.
  for (size_t i = 0; i < spec->losses.size(); ++i) {
    if (!spec->losses[i].empty()) outputs.push_back(spec->outputs[i]);
  }
  spec->class_weights = options.class_weights;
  if (!options.class_weight.empty()) {
    if (outputs.size() > 1) {
      return absl::InvalidArgumentError(
          "class_weight is for models of one output with a loss; class_weights has one per output, and examples can "
          "have weights of their own (weight_key)");
    }
    spec->class_weights[outputs[0].name] = options.class_weight;
  }
  for (const auto& [name, weights] : spec->class_weights) {
    const auto output = std::find_if(outputs.begin(), outputs.end(),
                                     [&name = name](const TensorSpec& output) { return output.name == name; });
    if (output == outputs.end())
      return absl::InvalidArgumentError(absl::StrCat("class_weights: no output \"", name, "\" has a loss"));
    const int64_t num_classes = output->shape.empty() ? -1 : output->shape.back();
    for (const auto& [label, weight] : weights) {
      // Of two or more classes; an output of one number may be anything.
      if (num_classes > 1 && (label < 0 || label >= num_classes)) {
        Warn(absl::StrCat("class_weight: output \"", name, "\" has the classes 0 to ", num_classes - 1,
                          "; the weight of class ", label, " is of no use"));
      }
      if (std::isfinite(weight)) continue;
      return absl::InvalidArgumentError(absl::StrCat("class_weight: the weight of class ", label, " of output \"", name,
                                                     "\" is ", weight, "; wanted a number"));
    }
  }
  return absl::OkStatus();
}

// Between looks at the weights, each of which costs less than an update.
constexpr int64_t kUpdatesPerLook = 64;

// What went wrong in the middle of a training, with what is left of it.
absl::Status Stopped(const absl::Status& status, const FitState& state) {
  if (status.ok() || state.iteration == 0) return status;
  return absl::Status(
      status.code(),
      absl::StrCat(status.message(), "; the model keeps its ", state.iteration,
                   " updates, and checkpoints and backups stay: when that is mended, Fit goes on, with a "
                   "BackupAndRestore from the last backup"));
}

// Calls member(state, …) of every callback.
template <typename Member, typename... Args>
absl::Status Notify(const std::vector<CallbackRef>& callbacks, Member member, Args&&... args) {
  for (const CallbackRef& callback : callbacks) RETURN_IF_ERROR(((*callback).*member)(args...));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Logs> Model::Evaluate(const Dataset& data, const EvaluateOptions& options) {
  std::string not_finite;
  auto logs = EvaluatePass(data, options, options.steps > 0 ? data.NextPass() : 0, &not_finite);
  if (logs.ok() && !not_finite.empty()) Warn(absl::StrCat("evaluation: ", not_finite));
  return logs;
}

absl::StatusOr<Logs> Model::EvaluatePass(const Dataset& data, const EvaluateOptions& options, uint64_t pass,
                                         std::string* not_finite) {
  RETURN_IF_ERROR(rep_->Build());
  if (rep_->config.optimizer == nullptr) return absl::FailedPreconditionError("Evaluate before Compile");
  if (data.infinite() && options.steps <= 0) {
    return absl::InvalidArgumentError("Evaluate on a dataset that repeats without end needs a number of steps");
  }
  // All of the data in its own order, as Keras does with arrays: the means over batches depend on it.
  const bool all = options.steps <= 0 && data.is_whole();
  ASSIGN_OR_RETURN(auto queue,
                   OpenQueue(SpecOf(*rep_->network, rep_->config, true), all ? data.Unshuffled() : data, pass));
  Totals totals;
  Feed feed;
  while (options.steps <= 0 || totals.num_batches() < options.steps) {
    const auto more = queue->Next(&feed);
    if (!more.ok()) return Annotate(more.status(), absl::StrCat("evaluation, step ", totals.num_batches() + 1));
    if (!*more) break;
    RETURN_IF_ERROR(rep_->program->TestStep(feed, &totals));
    if (not_finite->empty()) *not_finite = feed.not_finite;
  }
  if (totals.num_batches() == 0) return Empty("Evaluate", data);
  if (totals.num_batches() < options.steps) {
    Warn(absl::StrCat("evaluation: the data ended after ", totals.num_batches(), " of ", options.steps, " steps"));
  }
  return totals.Values();
}

// What is wrong with the validation data is better known before there is a training to lose.
absl::Status Model::CheckValidationData(const Dataset& data, int64_t steps) {
  FeedSpec spec = SpecOf(*rep_->network, rep_->config, true);
  spec.left_out = data.left_out();
  ASSIGN_OR_RETURN(const auto iterator, data.Unshuffled().MakeIterator(0, NeededBy(spec)));
  Batch batch;
  ASSIGN_OR_RETURN(const bool more, iterator->Next(&batch));
  if (!more) return Empty("Evaluate", data);
  ASSIGN_OR_RETURN(const Feed feed, MakeFeed(spec, batch, [&](int64_t i) { return iterator->Where(i); }));
  RETURN_IF_ERROR(rep_->program->PrepareTestStep(feed));
  return CheckLabelsAhead(std::move(spec), data, 0, 0, steps);
}

absl::StatusOr<History> Model::Fit(const Dataset& data, const FitOptions& options) {
  RETURN_IF_ERROR(rep_->Build());
  if (rep_->config.optimizer == nullptr) return absl::FailedPreconditionError("Fit before Compile");
  rep_->ClaimWeights();
  const bool by_steps = options.steps_per_epoch > 0;
  const Dataset* const validation = options.validation_data;
  if (options.steps_per_epoch < 0 || options.validation_freq < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("Fit with ",
                     options.steps_per_epoch < 0 ? absl::StrCat("steps_per_epoch = ", options.steps_per_epoch)
                                                 : absl::StrCat("validation_freq = ", options.validation_freq),
                     "; wanted a positive number (steps_per_epoch = 0: all of the data)"));
  }
  if (data.infinite() && !by_steps) {
    return absl::InvalidArgumentError("Fit on a dataset that repeats without end needs steps_per_epoch");
  }
  if (validation != nullptr && validation->infinite() && options.validation_steps <= 0) {
    return absl::InvalidArgumentError("validation on a dataset that repeats without end needs validation_steps");
  }
  FeedSpec spec = SpecOf(*rep_->network, rep_->config, true);
  RETURN_IF_ERROR(SetClassWeights(options, &spec));
  if (validation != nullptr)
    RETURN_IF_ERROR(Annotate(CheckValidationData(*validation, options.validation_steps), "validation data"));
  std::vector<CallbackRef> callbacks = options.callbacks;
  if (auto progress = MakeProgressCallback(options.verbose)) callbacks.push_back(std::move(progress));
  const auto goes_last = [](const CallbackRef& callback) { return callback->goes_last(); };
  std::vector<CallbackRef> last;
  std::copy_if(callbacks.begin(), callbacks.end(), std::back_inserter(last), goes_last);
  std::erase_if(callbacks, goes_last);
  callbacks.insert(callbacks.end(), last.begin(), last.end());

  Totals totals;
  FitState state;
  state.model = this;
  state.epoch = options.initial_epoch;
  state.num_epochs = options.epochs;
  state.steps_per_epoch = by_steps ? options.steps_per_epoch : data.cardinality();
  state.batch_size = data.batch_size();
  state.iteration = rep_->iterations;
  state.batch_logs = [&] { return totals.Values(); };
  state.totals = &totals;
  state.callbacks = &callbacks;
  state.expected_logs = LogSpecs(*rep_->network, rep_->config);
  state.has_validation_data = validation != nullptr;
  state.class_weights = &spec.class_weights;
  if (validation != nullptr) {
    for (const LogSpec& log : LogSpecs(*rep_->network, rep_->config))
      state.expected_logs.push_back({absl::StrCat("val_", log.name), log.direction});
  }
  const bool logs_learning_rate = std::any_of(
      callbacks.begin(), callbacks.end(), [](const CallbackRef& callback) { return callback->sets_learning_rate(); });
  if (logs_learning_rate) state.expected_logs.push_back({"learning_rate"});
  // Epoch by epoch, a later one is the same whether or not those before it were trained by this program.
  if (!by_steps && options.initial_epoch > 0) data.SkipPasses(options.initial_epoch - 1);
  RETURN_IF_ERROR(Notify(callbacks, &Callback::OnTrainBegin, state));
  // After a backup is restored there may be a part of a pass, and of an epoch, already.
  if (state.data_pass >= 0) data.SkipPasses(state.data_pass);

  History history;
  NumberWatch watch;
  int64_t next_look = rep_->iterations + kUpdatesPerLook;
  std::unique_ptr<FeedQueue> queue;
  bool looked_ahead = false, looks_ahead = false;
  Feed feed;
  // The next batch of this pass, or the first of the next one if it is at its end and the epoch at its beginning.
  const auto next = [&]() -> absl::StatusOr<bool> {
    for (const bool again : {false, true}) {
      const bool begins = state.data_batches < 0;
      if (begins) {
        state.data_pass = static_cast<int64_t>(data.NextPass());
        state.data_batches = 0;
      }
      if (queue == nullptr) {
        const uint64_t pass = static_cast<uint64_t>(state.data_pass);
        ASSIGN_OR_RETURN(queue, OpenQueue(spec, data, pass, state.data_batches));
        if (!std::exchange(looked_ahead, true)) {
          const int64_t steps = options.steps_per_epoch * (options.epochs - state.epoch);
          looks_ahead = true;
          RETURN_IF_ERROR(CheckLabelsAhead(spec, data, pass, state.data_batches, steps));
          looks_ahead = false;
        }
      }
      ASSIGN_OR_RETURN(const bool more, queue->Next(&feed));
      if (more) {
        ++state.data_batches;
        return true;
      }
      queue.reset();
      state.data_batches = -1;
      if (again || begins || !by_steps || state.step > 0) break;
    }
    return false;
  };
  while (state.epoch < options.epochs && !state.stop_training) {
    if (state.step == 0) {
      totals = Totals();
      RETURN_IF_ERROR(Notify(callbacks, &Callback::OnEpochBegin, state));
    }
    bool stop = false, more = true;
    while (!stop && (!by_steps || state.step < options.steps_per_epoch)) {
      const auto found = next();
      if (!found.ok()) {
        const std::string step = absl::StrCat(", step ", state.step + 1, " of epoch ", state.epoch + 1);
        return Stopped(Annotate(found.status(), absl::StrCat("training data", looks_ahead ? "" : step)), state);
      }
      more = *found;
      if (!more) break;
      state.learning_rate = rep_->LearningRateAt(rep_->iterations);
      const absl::Status trained = rep_->program->TrainStep(feed, rep_->iterations, state.learning_rate, &totals);
      if (!trained.ok()) return Stopped(trained, state);
      state.iteration = ++rep_->iterations;
      state.loss = totals.last_loss();
      ++state.step;
      watch.OnLoss(state);
      if (!feed.not_finite.empty()) watch.OnInput("", feed.not_finite);
      RETURN_IF_ERROR(Notify(callbacks, &Callback::OnTrainBatchEnd, state));
      stop = state.stop_training;
    }
    if (state.step == 0) return Empty("Fit", data);
    if (by_steps && !more) {
      Warn(absl::StrCat("the data ended after ", state.step, " of the ", options.steps_per_epoch, " steps of epoch ",
                        state.epoch + 1, ", which ends there; Repeat() makes data without end"));
    }
    if (rep_->iterations >= next_look) {
      next_look = rep_->iterations + kUpdatesPerLook;
      ASSIGN_OR_RETURN(const auto weights, rep_->program->NotFiniteWeights());
      watch.OnWeights(absl::StrCat("epoch ", state.epoch + 1), weights);
    }
    Logs logs = totals.Values();
    if (validation != nullptr && (state.epoch + 1) % options.validation_freq == 0) {
      // The same examples each time, so that epochs can be compared.
      std::string not_finite;
      const auto results = EvaluatePass(*validation, {.steps = options.validation_steps}, 0, &not_finite);
      if (!results.ok()) {
        const std::string where = absl::StrCat("validation data after epoch ", state.epoch + 1);
        return Stopped(Annotate(results.status(), where), state);
      }
      if (!not_finite.empty()) watch.OnInput("validation data", not_finite);
      RETURN_IF_ERROR(Notify(callbacks, &Callback::OnTestEnd, state, *results));
      for (const auto& [name, value] : *results) logs.emplace_back(absl::StrCat("val_", name), value);
    }
    if (logs_learning_rate) logs.emplace_back("learning_rate", learning_rate());
    history.epochs.push_back(state.epoch);
    for (const auto& [name, value] : logs) history.history[name].push_back(value);
    RETURN_IF_ERROR(Notify(callbacks, &Callback::OnEpochEnd, state, logs));
    state.step = 0;
    ++state.epoch;
  }
  RETURN_IF_ERROR(rep_->program->UseAverages());
  RETURN_IF_ERROR(Notify(callbacks, &Callback::OnTrainEnd, state));
  ASSIGN_OR_RETURN(const auto weights, rep_->program->NotFiniteWeights());
  watch.OnWeights("training", weights);
  watch.OnEnd(options.verbose);
  return history;
}

absl::StatusOr<Logs> Model::TrainOnBatch(const Batch& batch) {
  RETURN_IF_ERROR(rep_->Build());
  if (rep_->config.optimizer == nullptr) return absl::FailedPreconditionError("TrainOnBatch before Compile");
  rep_->ClaimWeights();
  ASSIGN_OR_RETURN(const Feed feed, MakeFeed(SpecOf(*rep_->network, rep_->config, true), batch));
  Totals totals;
  RETURN_IF_ERROR(rep_->program->TrainStep(feed, rep_->iterations, rep_->LearningRateAt(rep_->iterations), &totals));
  ++rep_->iterations;
  return totals.Values();
}

absl::StatusOr<Logs> Model::TestOnBatch(const Batch& batch) {
  RETURN_IF_ERROR(rep_->Build());
  if (rep_->config.optimizer == nullptr) return absl::FailedPreconditionError("TestOnBatch before Compile");
  ASSIGN_OR_RETURN(const Feed feed, MakeFeed(SpecOf(*rep_->network, rep_->config, true), batch));
  Totals totals;
  RETURN_IF_ERROR(rep_->program->TestStep(feed, &totals));
  return totals.Values();
}

absl::StatusOr<std::vector<Tensor>> Model::Predict(const std::map<std::string, Tensor>& features) {
  RETURN_IF_ERROR(Prepare());
  Batch batch;
  batch.features = features;
  ASSIGN_OR_RETURN(const Feed feed, MakeFeed(SpecOf(*rep_->network, rep_->config, false), batch));
  return rep_->program->PredictStep(feed);
}

absl::StatusOr<std::vector<Tensor>> Model::Predict(const Dataset& data, int64_t steps) {
  RETURN_IF_ERROR(Prepare());
  if (data.infinite() && steps <= 0) {
    return absl::InvalidArgumentError("Predict on a dataset that repeats without end needs a number of steps");
  }
  ASSIGN_OR_RETURN(auto queue, OpenQueue(SpecOf(*rep_->network, rep_->config, false), data.Unshuffled(), 0));
  std::vector<std::vector<Tensor>> parts(rep_->network->outputs().size());
  Feed feed;
  for (int64_t step = 0; steps <= 0 || step < steps; ++step) {
    ASSIGN_OR_RETURN(const bool more, queue->Next(&feed));
    if (!more) break;
    ASSIGN_OR_RETURN(std::vector<Tensor> outputs, rep_->program->PredictStep(feed));
    for (size_t i = 0; i < parts.size(); ++i) parts[i].push_back(std::move(outputs[i]));
  }
  std::vector<Tensor> outputs;
  for (const std::vector<Tensor>& batches : parts) {
    if (batches.empty()) return Empty("Predict", data);
    Shape shape = batches[0].shape();
    shape[0] = 0;
    for (const Tensor& batch : batches) shape[0] += batch.shape()[0];
    Tensor all(batches[0].dtype(), shape);
    size_t at = 0;
    for (const Tensor& batch : batches) {
      std::copy(batch.bytes().begin(), batch.bytes().end(), all.bytes().begin() + at);
      at += batch.bytes().size();
    }
    outputs.push_back(std::move(all));
  }
  return outputs;
}

}  // namespace tfxm::nn

// Model's loops: Fit, Evaluate, Predict.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/feed.h"
#include "tfxm/nn/model.h"
#include "tfxm/nn/model_rep.h"
#include "tfxm/nn/progress.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

FeedSpec SpecOf(const Network& network, const StepConfig& config, bool labels) {
  FeedSpec spec{.inputs = network.inputs(), .outputs = network.outputs(), .labels = labels};
  for (const Loss& loss : config.losses) spec.has_loss.push_back(!loss.empty());
  return spec;
}

absl::StatusOr<std::unique_ptr<FeedQueue>> OpenQueue(FeedSpec spec, const Dataset& data, uint64_t pass,
                                                     int64_t skip = 0) {
  ASSIGN_OR_RETURN(auto iterator, data.MakeIterator(pass));
  return std::make_unique<FeedQueue>(std::move(spec), std::move(iterator), skip);
}

// Calls member(state, …) of every callback.
template <typename Member, typename... Args>
absl::Status Notify(const std::vector<CallbackRef>& callbacks, Member member, Args&&... args) {
  for (const CallbackRef& callback : callbacks) RETURN_IF_ERROR(((*callback).*member)(args...));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Logs> Model::Evaluate(const Dataset& data, const EvaluateOptions& options) {
  RETURN_IF_ERROR(rep_->Build());
  if (rep_->config.optimizer == nullptr) return absl::FailedPreconditionError("Evaluate before Compile");
  if (data.infinite() && options.steps <= 0) {
    return absl::InvalidArgumentError("Evaluate on a dataset that repeats without end needs a number of steps");
  }
  ASSIGN_OR_RETURN(auto queue, OpenQueue(SpecOf(*rep_->network, rep_->config, true), data, 0));
  Totals totals;
  Feed feed;
  while (options.steps <= 0 || totals.num_batches() < options.steps) {
    ASSIGN_OR_RETURN(const bool more, queue->Next(&feed));
    if (!more) break;
    RETURN_IF_ERROR(rep_->program->TestStep(feed, &totals));
  }
  if (totals.num_batches() == 0) return absl::InvalidArgumentError("Evaluate on a dataset without examples");
  return totals.Values();
}

absl::StatusOr<History> Model::Fit(const Dataset& data, const FitOptions& options) {
  RETURN_IF_ERROR(rep_->Build());
  if (rep_->config.optimizer == nullptr) return absl::FailedPreconditionError("Fit before Compile");
  if (data.infinite() && options.steps_per_epoch <= 0) {
    return absl::InvalidArgumentError("Fit on a dataset that repeats without end needs steps_per_epoch");
  }
  if (options.validation_data != nullptr && options.validation_data->infinite() && options.validation_steps <= 0) {
    return absl::InvalidArgumentError("validation on a dataset that repeats without end needs validation_steps");
  }
  FeedSpec spec = SpecOf(*rep_->network, rep_->config, true);
  if (!options.class_weight.empty() && std::count(spec.has_loss.begin(), spec.has_loss.end(), true) > 1) {
    return absl::InvalidArgumentError(
        "class_weight is for models of one output with a loss; give the examples weights (weight_key)");
  }
  spec.class_weight = options.class_weight;
  std::vector<CallbackRef> callbacks = options.callbacks;
  if (auto progress = MakeProgressCallback(options.verbose)) callbacks.push_back(std::move(progress));
  std::stable_partition(callbacks.begin(), callbacks.end(),
                        [](const CallbackRef& callback) { return !callback->goes_last(); });

  Totals totals;
  FitState state;
  state.model = this;
  state.epoch = options.initial_epoch;
  state.num_epochs = options.epochs;
  state.steps_per_epoch = options.steps_per_epoch > 0 ? options.steps_per_epoch : data.cardinality();
  state.iteration = rep_->iterations;
  state.batch_logs = [&] { return totals.Values(); };
  state.totals = &totals;
  state.callbacks = &callbacks;
  RETURN_IF_ERROR(Notify(callbacks, &Callback::OnTrainBegin, state));

  History history;
  std::unique_ptr<FeedQueue> queue;
  Feed feed;
  while (state.epoch < options.epochs && !state.stop_training) {
    // After a backup is restored there may be a part of an epoch already.
    if (state.step == 0) {
      totals = Totals();
      RETURN_IF_ERROR(Notify(callbacks, &Callback::OnEpochBegin, state));
    }
    // With a number of steps, one iterator goes through all epochs; otherwise each epoch is one pass over the data.
    if (options.steps_per_epoch <= 0) {
      ASSIGN_OR_RETURN(queue, OpenQueue(spec, data, state.epoch, state.step));
    } else if (queue == nullptr) {
      ASSIGN_OR_RETURN(queue, OpenQueue(spec, data, 0,
                                        (state.epoch - options.initial_epoch) * options.steps_per_epoch + state.step));
    }
    bool stop = false;
    while (!stop && (options.steps_per_epoch <= 0 || state.step < options.steps_per_epoch)) {
      ASSIGN_OR_RETURN(const bool more, queue->Next(&feed));
      if (!more) break;
      state.learning_rate = rep_->LearningRateAt(rep_->iterations);
      RETURN_IF_ERROR(rep_->program->TrainStep(feed, rep_->iterations, state.learning_rate, &totals));
      state.iteration = ++rep_->iterations;
      ++state.step;
      RETURN_IF_ERROR(Notify(callbacks, &Callback::OnTrainBatchEnd, state));
      stop = state.stop_training;
    }
    if (state.step == 0) return absl::InvalidArgumentError("Fit on a dataset without examples");
    const bool ran_out = !stop && options.steps_per_epoch > 0 && state.step < options.steps_per_epoch;
    Logs logs = totals.Values();
    if (options.validation_data != nullptr && (state.epoch + 1) % std::max(options.validation_freq, 1) == 0) {
      ASSIGN_OR_RETURN(const Logs validation, Evaluate(*options.validation_data, {.steps = options.validation_steps}));
      RETURN_IF_ERROR(Notify(callbacks, &Callback::OnTestEnd, state, validation));
      for (const auto& [name, value] : validation) logs.emplace_back(absl::StrCat("val_", name), value);
    }
    history.epochs.push_back(state.epoch);
    for (const auto& [name, value] : logs) history.history[name].push_back(value);
    RETURN_IF_ERROR(Notify(callbacks, &Callback::OnEpochEnd, state, logs));
    state.step = 0;
    ++state.epoch;
    if (ran_out) break;  // As Keras: the data ended before the steps did.
  }
  RETURN_IF_ERROR(Notify(callbacks, &Callback::OnTrainEnd, state));
  return history;
}

absl::StatusOr<Logs> Model::TrainOnBatch(const Batch& batch) {
  RETURN_IF_ERROR(rep_->Build());
  if (rep_->config.optimizer == nullptr) return absl::FailedPreconditionError("TrainOnBatch before Compile");
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
  ASSIGN_OR_RETURN(auto queue, OpenQueue(SpecOf(*rep_->network, rep_->config, false), data, 0));
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
    if (batches.empty()) return absl::InvalidArgumentError("Predict on a dataset without examples");
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

// SPDX-License-Identifier: Apache-2.0

// A model's variables and its compiled steps: training, testing, predicting. Behind Model; not for users.
//
// All steps are parts of one graph and one session, so they share the variables. A step is built when the first batch
// shows what labels and weights look like.
#ifndef TFXM_NN_INTERNAL_PROGRAM_H_
#define TFXM_NN_INTERNAL_PROGRAM_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/nn/callbacks/callbacks.h"
#include "tfxm/nn/losses/losses.h"
#include "tfxm/nn/metrics/metrics.h"
#include "tfxm/nn/network.h"
#include "tfxm/nn/optimizers/optimizers.h"

namespace tfxm::nn {

struct Feed;

// What the names of the optimizer's slots begin with.
inline constexpr char kOptimizerPrefix[] = "optimizer/";

// What Compile settled, per output of the network.
struct StepConfig {
  std::shared_ptr<const OptimizerBase> optimizer;  // Null: not compiled, only to predict with.
  std::vector<Loss> losses;
  std::vector<double> loss_weights;
  std::vector<std::vector<Metric>> metrics;
  std::vector<std::vector<Metric>> weighted_metrics;
  uint64_t seed = 0;
  int num_threads = 1;
  int num_towers = 1;  // Of a training step with a batch that is large enough (towers.h).
};

// Loss and metrics over the batches so far.
class Totals {
 public:
  // "loss", "OUTPUT_loss" where there are several outputs with a loss, then the metrics. As Keras's fit and evaluate tell
  // them, "loss" is the mean over examples, "OUTPUT_loss" over batches, of which the last may be smaller.
  Logs Values() const;
  int64_t num_batches() const { return num_batches_; }
  double last_loss() const { return last_loss_; }  // Of the last batch.

  // Everything as numbers, for a checkpoint.
  std::vector<double> Save() const;
  void Restore(const std::vector<double>& saved);

 private:
  friend class Program;
  struct Entry {
    std::string name;
    std::optional<Metric> metric;  // None: a loss, {sum over batches}; the first, "loss", {… of loss * examples}.
    std::vector<std::vector<double>> state;
  };
  std::vector<Entry> entries_;
  double num_examples_ = 0;
  int64_t num_batches_ = 0;
  double last_loss_ = 0;
  std::vector<double> to_restore_;
};

class Program {
 public:
  // `network` must outlive it. Variables start with `values` by full name.
  static absl::StatusOr<std::unique_ptr<Program>> Create(const Network* network, StepConfig config,
                                                         std::map<std::string, Tensor> values);
  ~Program();

  // One update; step counts from 0. Adds to totals.
  absl::Status TrainStep(const Feed& feed, int64_t step, double learning_rate, Totals* totals);
  // After training: puts the weights' moving averages in their place, if the optimizer has such.
  absl::Status UseAverages();
  absl::Status TestStep(const Feed& feed, Totals* totals);
  // Builds the step for such feeds: errors in labels or weights come before anything is run.
  absl::Status PrepareTestStep(const Feed& feed);
  // One tensor per output.
  absl::StatusOr<std::vector<Tensor>> PredictStep(const Feed& feed);

  // Of weights, and of the optimizer's slots if it has run ("optimizer/NAME/WEIGHT").
  absl::StatusOr<std::map<std::string, Tensor>> GetVariables() const;
  // The weights that have nan or infinite values. Nothing is copied.
  absl::StatusOr<std::vector<std::string>> NotFiniteWeights();
  // Values for variables that do not exist yet wait until they do.
  absl::Status SetVariables(const std::map<std::string, Tensor>& values);
  // Another one whenever variables have changed, and no other program's.
  int64_t version() const { return version_; }
  // From the values that were set the optimizer goes on: the first update fails if its slots are not among them.
  void ExpectSlots();

 private:
  struct Rep;
  explicit Program(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
  int64_t version_ = 0;
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_PROGRAM_H_

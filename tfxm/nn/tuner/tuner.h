// SPDX-License-Identifier: Apache-2.0

// Searches for the best hyperparameters: what a module's tuner_fn returns to the Tuner component.
//
//   absl::StatusOr<TunerFnResult> tuner_fn(const FnArgs& fn_args) {
//     nn::HyperParameters hp;
//     hp.Float("learning_rate", 1e-4, 1e-1, {.sampling = "log"});
//     hp.Choice("units", {16, 32});
//     return TunerFnResult{.tuner = nn::RandomSearch(
//                              {.objective = {"val_accuracy", "max"},
//                               .max_trials = 6,
//                               .hyperparameters = hp,
//                               .run_trial = [fn_args](const nn::HyperParameters& trial) -> absl::StatusOr<double> {
//                                 ASSIGN_OR_RETURN(const double rate, trial.Get<double>("learning_rate"));
//                                 return TrainAndEvaluate(fn_args, rate);   // One's own; also called by run_fn.
//                               }})};
//   }
//
// Trials run one after the other. One that fails, or whose score is not finite, is left out; three in a row end the
// search, as KerasTuner's max_consecutive_failed_trials.
#ifndef TFXM_NN_TUNER_TUNER_H_
#define TFXM_NN_TUNER_TUNER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/nn/fn_args.h"
#include "tfxm/nn/tuner/hyperparameters.h"

namespace tfxm::nn {

// What run_trial returns, and whether less ("min") or more ("max") of it is better.
struct Objective {
  std::string name, direction;
};

struct TunerOptions {
  Objective objective = {};
  // RandomSearch: 10 unless given; GridSearch: all combinations. At most 100,000.
  std::optional<int64_t> max_trials = std::nullopt;
  uint64_t seed = 0;
  HyperParameters hyperparameters = {};  // At least one that is searched over.
  std::function<absl::StatusOr<double>(const HyperParameters& trial)> run_trial = nullptr;
};

struct Trial {
  std::string trial_id;
  HyperParameters hyperparameters;
  double score = 0;
};

class Tuner {
 public:
  enum class Order { kRandom, kGrid };
  Tuner() = default;
  Tuner(TunerOptions options, Order order) : options_(std::move(options)), order_(order) {}

  // The completed trials, the best first, of equals the earlier. `on_trial` is called before each. INVALID_ARGUMENT: an
  // option that is missing or does not fit; else, if no trial was completed or three in a row were not, the last one's
  // error with its values.
  absl::StatusOr<std::vector<Trial>> Search(
      const std::function<void(int64_t number, int64_t most)>& on_trial = nullptr) const;

 private:
  absl::Status Check() const;
  TunerOptions options_;
  Order order_ = Order::kRandom;
};

// Values drawn at random, no combination twice, from the seed. It ends early when 20 draws in a row bring nothing new.
Tuner RandomSearch(TunerOptions options);
// All combinations: the last declared changes first, a number without a step has ten values, a Float or an Int of a
// logarithm, as KerasTuner's.
Tuner GridSearch(TunerOptions options);

}  // namespace tfxm::nn

namespace tfxm {

struct TunerFnResult {
  nn::Tuner tuner;
};

}  // namespace tfxm

// What a module file defines, if a Tuner takes it.
absl::StatusOr<tfxm::TunerFnResult> tuner_fn(const tfxm::FnArgs& fn_args);

#endif  // TFXM_NN_TUNER_TUNER_H_

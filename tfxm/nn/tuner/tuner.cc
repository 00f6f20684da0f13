// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/tuner/tuner.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_format.h"
#include "tfxm/nn/random.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

constexpr int64_t kMostTrials = 100'000;
// As KerasTuner's.
constexpr int64_t kRandomTrials = 10;
constexpr int kMostCollisions = 20, kMostFailures = 3;
constexpr size_t kGridOfContinuum = 10;

// One combination after the other.
class Combinations {
 public:
  Combinations(const TunerOptions& options, Tuner::Order order)
      : hyperparameters_(options.hyperparameters),
        spaces_(hyperparameters_.Searched()),
        order_(order),
        random_(options.seed) {
    indices_.resize(spaces_.size());
  }

  // How many there are, at most.
  double Count() const {
    double count = 1;
    for (const HyperParameters::Space& space : spaces_) count *= static_cast<double>(CountOf(space));
    return count;
  }

  // The next one; nothing if there are no more.
  std::optional<HyperParameters> Next() { return order_ == Tuner::Order::kGrid ? NextOfGrid() : Draw(); }

 private:
  static size_t CountOf(const HyperParameters::Space& space) {
    return space.count == 0 ? kGridOfContinuum : space.count;
  }

  std::optional<HyperParameters> NextOfGrid() {
    while (!at_end_) {
      for (size_t i = 0; i < spaces_.size(); ++i) {
        if (spaces_[i].count == 0) {
          hyperparameters_.SetByProbability(spaces_[i].name, 0.05 + 0.1 * static_cast<double>(indices_[i]));
        } else {
          hyperparameters_.SetByIndex(spaces_[i].name, indices_[i]);
        }
      }
      at_end_ = true;
      for (size_t i = spaces_.size(); i-- > 0;) {
        if (++indices_[i] < CountOf(spaces_[i])) {
          at_end_ = false;
          break;
        }
        indices_[i] = 0;
      }
      // Of an Int several of the ten may be one.
      if (tried_.insert(hyperparameters_.values()).second) return hyperparameters_;
    }
    return std::nullopt;
  }

  std::optional<HyperParameters> Draw() {
    for (int collisions = 0; collisions <= kMostCollisions; ++collisions) {
      for (const HyperParameters::Space& space : spaces_)
        hyperparameters_.SetByProbability(space.name, random_.Uniform());
      if (tried_.insert(hyperparameters_.values()).second) return hyperparameters_;
    }
    return std::nullopt;
  }

  HyperParameters hyperparameters_;
  const std::vector<HyperParameters::Space> spaces_;
  const Tuner::Order order_;
  Random random_;
  std::vector<size_t> indices_;
  bool at_end_ = false;
  std::set<std::map<std::string, HyperParameterValue>> tried_;
};

}  // namespace

absl::Status Tuner::Check() const {
  RETURN_IF_ERROR(options_.hyperparameters.status());
  if (options_.run_trial == nullptr) return absl::InvalidArgumentError("the tuner has no run_trial");
  if (options_.hyperparameters.Searched().empty()) {
    return absl::InvalidArgumentError("the tuner has no hyperparameters to search over");
  }
  if (options_.objective.direction != "min" && options_.objective.direction != "max") {
    return absl::InvalidArgumentError(absl::StrCat("the direction of the tuner's objective \"", options_.objective.name,
                                                   "\" is \"", options_.objective.direction,
                                                   "\"; expected min or max"));
  }
  if (const int64_t most = options_.max_trials.value_or(1); most < 1 || most > kMostTrials) {
    return absl::InvalidArgumentError(absl::StrCat("max_trials is ", most, "; expected 1 to ", kMostTrials));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Trial>> Tuner::Search(const std::function<void(int64_t, int64_t)>& on_trial) const {
  RETURN_IF_ERROR(Check());
  Combinations combinations(options_, order_);
  const bool grid = order_ == Order::kGrid;
  if (grid && !options_.max_trials.has_value() && combinations.Count() > static_cast<double>(kMostTrials)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a GridSearch of ", combinations.Count(), " combinations; give max_trials, or larger steps"));
  }
  const int64_t most = options_.max_trials.value_or(grid ? static_cast<int64_t>(combinations.Count()) : kRandomTrials);
  const int digits = static_cast<int>(absl::StrCat(most - 1).size());
  std::vector<Trial> trials;
  absl::Status last_error;
  int failures = 0;
  for (int64_t i = 0; i < most && failures < kMostFailures; ++i) {
    const std::optional<HyperParameters> next = combinations.Next();
    if (!next.has_value()) break;
    if (on_trial != nullptr) on_trial(i + 1, most);
    absl::StatusOr<double> score = options_.run_trial(*next);
    if (score.ok() && !std::isfinite(*score)) {
      score = absl::InternalError(absl::StrCat(options_.objective.name, " is ", *score));
    }
    if (!score.ok()) {
      ++failures;
      last_error = Annotate(score.status(), absl::StrCat("trial ", i + 1, ", ", next->ToJson()));
      continue;
    }
    failures = 0;
    trials.push_back({absl::StrFormat("%0*d", digits, i), *next, *score});
  }
  if (trials.empty() || failures >= kMostFailures) return last_error;
  const bool less_is_better = options_.objective.direction == "min";
  std::stable_sort(trials.begin(), trials.end(), [&](const Trial& a, const Trial& b) {
    return less_is_better ? a.score < b.score : a.score > b.score;
  });
  return trials;
}

Tuner RandomSearch(TunerOptions options) { return Tuner(std::move(options), Tuner::Order::kRandom); }
Tuner GridSearch(TunerOptions options) { return Tuner(std::move(options), Tuner::Order::kGrid); }

}  // namespace tfxm::nn

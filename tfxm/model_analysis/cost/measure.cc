// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/cost/measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <map>
#include <utility>

#include "tfxm/compute/block_reader.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/proto/costs.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

// Enough, in one round, to tell percentiles, or a median, by.
constexpr int kLatencyRuns = 34, kThroughputRuns = 4;
// Examples that take turns in the latency: a model may be faster on some than on others.
constexpr size_t kMaxSingles = 16;

using Clock = std::chrono::steady_clock;

double Since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Whether a loop that has taken `elapsed` seconds for `runs` runs should go on: for the time it has, and if the model
// is slow or the machine busy with other things, for up to three times that until there are `enough`.
bool GoOn(int runs, int enough, double elapsed, const MeasureOptions& options) {
  if (runs >= options.max_runs) return false;
  return runs < 1 || elapsed < options.seconds || (runs < enough && elapsed < 3 * options.seconds);
}

// The times of runs, ascending; `prepare` comes before each and is not timed. The first fifth is warm-up, at least the
// very first run.
template <typename Prepare>
absl::StatusOr<std::vector<double>> TimeRuns(InferenceSession* session, int enough, const MeasureOptions& options,
                                             Prepare prepare) {
  std::vector<double> times;
  auto start = Clock::now();
  for (bool warm = false; !warm || GoOn(static_cast<int>(times.size()), enough, Since(start), options);) {
    RETURN_IF_ERROR(prepare());
    const auto before = Clock::now();
    RETURN_IF_ERROR(session->RunInputs());
    times.push_back(Since(before));
    if (!warm && (Since(start) >= options.seconds / 5 || 5 * times.size() >= static_cast<size_t>(options.max_runs))) {
      warm = true;
      times.clear();
      start = Clock::now();
    }
  }
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace

double Percentile(const std::vector<double>& sorted, double percent) {
  const double rank = std::ceil(percent / 100 * static_cast<double>(sorted.size()));
  return sorted[static_cast<size_t>(std::max(rank, 1.0)) - 1];
}

absl::StatusOr<std::vector<std::string>> ReadSample(const std::vector<std::string>& files, int max_examples) {
  compute::BlockReader reader(files, {.batch_size = max_examples});
  compute::RecordBlock block;
  std::vector<std::string> sample;
  while (sample.empty()) {
    ASSIGN_OR_RETURN(const bool more, reader.Next(&block));
    if (!more) break;
    for (int i = 0; i < block.size(); ++i) sample.emplace_back(block.record(i));
  }
  return sample;
}

struct CostTimer::Rep {
  Rep(const InferenceModel& model, const std::vector<std::string>& sample, const MeasureOptions& options)
      : model(model), sample(sample), options(options), batch(model.NeedsRecords()) {
    this->options.seconds /= kCostRounds;
    this->options.max_runs = std::max(1, options.max_runs / kCostRounds);
  }

  absl::Status Start() {
    ASSIGN_OR_RETURN(session, model.NewAppSession());
    for (size_t i = 0; i < sample.size() && i < kMaxSingles; ++i)
      RETURN_IF_ERROR(singles.emplace_back(model.NeedsRecords()).Append(sample[i]));
    return absl::OkStatus();
  }

  // A slow model gets a smaller batch: one run of it should not take longer than all the rest.
  absl::Status FillBatch(double latency_seconds) {
    const double most = 2 * kCostRounds * options.seconds / std::max(latency_seconds, 1e-9);
    for (size_t i = 0; i < sample.size() && (i == 0 || static_cast<double>(i) < most); ++i)
      RETURN_IF_ERROR(batch.Append(sample[i]));
    return absl::OkStatus();
  }

  const InferenceModel& model;
  const std::vector<std::string>& sample;
  MeasureOptions options;
  std::unique_ptr<InferenceSession> session;
  std::deque<data::ExampleBatch> singles;
  size_t next = 0;
  data::ExampleBatch batch;
  std::map<std::string, std::vector<double>> rounds;  // By name of the number.
};

CostTimer::CostTimer(const InferenceModel& model, const std::vector<std::string>& sample, const MeasureOptions& options)
    : rep_(std::make_unique<Rep>(model, sample, options)) {}
CostTimer::~CostTimer() = default;
CostTimer::CostTimer(CostTimer&&) noexcept = default;

absl::Status CostTimer::Round() {
  Rep& r = *rep_;
  if (r.session == nullptr) RETURN_IF_ERROR(r.Start());
  if (r.sample.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<double> latencies, TimeRuns(r.session.get(), kLatencyRuns, r.options, [&] {
                     return r.session->SetInputs(r.singles[r.next++ % r.singles.size()]).status();
                   }));
  for (const auto& [name, percent] :
       {std::pair(cost::kLatencyP50Ms, 50), std::pair(cost::kLatencyP90Ms, 90), std::pair(cost::kLatencyP99Ms, 99)})
    r.rounds[name].push_back(1e3 * Percentile(latencies, percent));
  if (r.batch.num_examples() == 0) RETURN_IF_ERROR(r.FillBatch(Percentile(latencies, 50)));
  ASSIGN_OR_RETURN(const int examples, r.session->SetInputs(r.batch));
  ASSIGN_OR_RETURN(const std::vector<double> times,
                   TimeRuns(r.session.get(), kThroughputRuns, r.options, [] { return absl::OkStatus(); }));
  // The median is not disturbed by what else the machine does.
  r.rounds[cost::kExamplesPerSecond].push_back(examples / std::max(Percentile(times, 50), 1e-9));
  return absl::OkStatus();
}

absl::Status CostTimer::Finish(ModelCost* cost) {
  Rep& r = *rep_;
  for (auto& [name, values] : r.rounds) {
    std::sort(values.begin(), values.end());
    cost->numbers[name] = Percentile(values, 50);
    cost->noise[name] = values.back() - values.front();
  }
  if (r.session == nullptr) RETURN_IF_ERROR(r.Start());
  return r.session->AddCosts(cost);
}

absl::Status MeasureCost(const InferenceModel& model, const std::vector<std::string>& sample,
                         const MeasureOptions& options, ModelCost* cost) {
  CostTimer timer(model, sample, options);
  for (int round = 0; round < kCostRounds; ++round) RETURN_IF_ERROR(timer.Round());
  return timer.Finish(cost);
}

}  // namespace tfxm::model_analysis

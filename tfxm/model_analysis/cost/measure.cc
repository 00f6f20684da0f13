#include "tfxm/model_analysis/cost/measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>

#include "absl/strings/str_cat.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/model_analysis/batch_source.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

constexpr int kMinRuns = 3;
// Enough to tell percentiles, or a median, by.
constexpr int kLatencyRuns = 100, kThroughputRuns = 10;
// Examples that take turns in the latency: a model may be faster on some than on others.
constexpr size_t kMaxSingles = 16;

using Clock = std::chrono::steady_clock;

double Since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Whether a loop that has taken `elapsed` seconds for `runs` runs should go on: for the time it has, and if the model
// is slow or the machine busy with other things, for up to three times that until there are `enough`.
bool GoOn(int runs, int enough, double elapsed, const MeasureOptions& options) {
  if (runs >= options.max_runs) return false;
  return runs < kMinRuns || elapsed < options.seconds || (runs < enough && elapsed < 3 * options.seconds);
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
  BatchSource source(files, max_examples);
  RawBatch raw;
  std::vector<std::string> sample;
  ASSIGN_OR_RETURN(const bool any, source.Next(0, &raw));
  for (int i = 0; any && i < raw.size(); ++i) sample.emplace_back(raw.record(i));
  return sample;
}

absl::Status MeasureCost(const InferenceModel& model, const std::vector<std::string>& sample,
                         const MeasureOptions& options, ModelCost* cost) {
  ASSIGN_OR_RETURN(const std::unique_ptr<InferenceSession> session, model.NewAppSession());
  if (!sample.empty()) {
    std::deque<data::ExampleBatch> singles;
    for (size_t i = 0; i < sample.size() && i < kMaxSingles; ++i)
      RETURN_IF_ERROR(singles.emplace_back(model.NeedsRecords()).Append(sample[i]));
    size_t next = 0;
    ASSIGN_OR_RETURN(const std::vector<double> latencies, TimeRuns(session.get(), kLatencyRuns, options, [&] {
                       return session->SetInputs(singles[next++ % singles.size()]).status();
                     }));
    for (int percent : {50, 90, 99})
      cost->numbers[absl::StrCat("latency_p", percent, "_ms")] = 1e3 * Percentile(latencies, percent);
    // A slow model gets a smaller batch: one run of it should not take longer than all the rest.
    const double most = 2 * options.seconds / std::max(Percentile(latencies, 50), 1e-9);
    data::ExampleBatch batch(model.NeedsRecords());
    for (size_t i = 0; i < sample.size() && (i == 0 || static_cast<double>(i) < most); ++i)
      RETURN_IF_ERROR(batch.Append(sample[i]));
    ASSIGN_OR_RETURN(const int examples, session->SetInputs(batch));
    ASSIGN_OR_RETURN(const std::vector<double> times,
                     TimeRuns(session.get(), kThroughputRuns, options, [] { return absl::OkStatus(); }));
    // The median is not disturbed by what else the machine does.
    cost->numbers["examples_per_second"] = examples / std::max(Percentile(times, 50), 1e-9);
  }
  return session->AddCosts(cost);
}

}  // namespace tfxm::model_analysis

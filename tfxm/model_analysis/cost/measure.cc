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

constexpr int kMinRuns = 3, kMaxRuns = 10000;
// Examples that take turns in the latency: a model may be faster on some than on others.
constexpr int kMaxSingles = 16;
constexpr double kWarmUpShare = 0.2;  // Of the time there is.

using Clock = std::chrono::steady_clock;

double Since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

absl::Status TimeLatency(InferenceSession* session, const std::deque<data::ExampleBatch>& examples, double seconds,
                         ModelCost* cost) {
  std::vector<double> times;
  const auto start = Clock::now();
  bool warm = false;
  for (int run = 0; run < kMaxRuns; ++run) {
    const double so_far = Since(start);
    if (!warm && run > 0 && so_far > kWarmUpShare * seconds) {
      warm = true;
      times.clear();
    }
    if (so_far > seconds && static_cast<int>(times.size()) >= kMinRuns) break;
    RETURN_IF_ERROR(session->SetInputs(examples[run % examples.size()]).status());
    const auto before = Clock::now();
    RETURN_IF_ERROR(session->RunInputs());
    times.push_back(Since(before));
  }
  std::sort(times.begin(), times.end());
  for (int percent : {50, 90, 99}) {
    cost->numbers[absl::StrCat("latency_p", percent, "_ms")] = 1e3 * Percentile(times, percent);
  }
  return absl::OkStatus();
}

absl::Status TimeThroughput(InferenceSession* session, const data::ExampleBatch& batch, double seconds,
                            ModelCost* cost) {
  ASSIGN_OR_RETURN(const int examples, session->SetInputs(batch));
  auto start = Clock::now();
  do {
    RETURN_IF_ERROR(session->RunInputs());
  } while (Since(start) < kWarmUpShare * seconds);
  start = Clock::now();
  int runs = 0;
  double elapsed = 0;
  while (runs < kMinRuns || elapsed < seconds) {
    RETURN_IF_ERROR(session->RunInputs());
    ++runs;
    elapsed = Since(start);
  }
  if (elapsed > 0) cost->numbers["examples_per_second"] = static_cast<double>(runs) * examples / elapsed;
  return absl::OkStatus();
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
    data::ExampleBatch batch(model.NeedsRecords());
    for (const std::string& record : sample) {
      RETURN_IF_ERROR(batch.Append(record));
      if (singles.size() == kMaxSingles) continue;
      RETURN_IF_ERROR(singles.emplace_back(model.NeedsRecords()).Append(record));
    }
    RETURN_IF_ERROR(TimeLatency(session.get(), singles, options.seconds, cost));
    RETURN_IF_ERROR(TimeThroughput(session.get(), batch, options.seconds, cost));
  }
  return session->AddCosts(cost);
}

}  // namespace tfxm::model_analysis

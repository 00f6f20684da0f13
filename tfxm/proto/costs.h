// SPDX-License-Identifier: Apache-2.0

// What a model costs a device: every number by its name in model_facts.json (sidecars.proto), with its unit, which way
// is better, and the metric that asks for it.
//
//   CostOfMetric("model_size_bytes")->name;   // cost::kSizeBytes
#ifndef TFXM_PROTO_COSTS_H_
#define TFXM_PROTO_COSTS_H_

#include "absl/strings/string_view.h"

namespace tfxm {
namespace cost {

inline constexpr char kSizeBytes[] = "size_bytes";  // The TFLite file, or all files of a SavedModel.
// Memory for the activations of one example (litert/internal/arena.h).
inline constexpr char kArenaBytes[] = "arena_bytes";
inline constexpr char kOpCount[] = "op_count";
inline constexpr char kDelegatedOpShare[] = "delegated_op_share";  // Of all operators, 0 to 1, taken by XNNPACK.
// Of one example, on one thread, after warm-up.
inline constexpr char kLatencyP50Ms[] = "latency_p50_ms";
inline constexpr char kLatencyP90Ms[] = "latency_p90_ms";
inline constexpr char kLatencyP99Ms[] = "latency_p99_ms";
// Of a batch, on one thread, after warm-up, at the median time.
inline constexpr char kExamplesPerSecond[] = "examples_per_second";
inline constexpr char kMultiplyAdds[] = "multiply_adds";  // Of convolutions and matrix products, for one example.
inline constexpr char kWeightBytes[] = "weight_bytes";

inline constexpr char kOpCountClass[] = "OpCount";  // Its config may name a kind of operator.

}  // namespace cost

struct Cost {
  enum class Unit { kBytes, kMilliseconds, kPerSecond, kShare, kCount };

  absl::string_view name;
  absl::string_view metric, metric_class;  // Empty: no metric asks for it.
  Unit unit;
  int direction;    // 1: more is better, -1: less is, 0: neither.
  bool in_summary;  // In the few lines that end a pipeline's run.

  bool is_time() const { return unit == Unit::kMilliseconds || unit == Unit::kPerSecond; }
};

// In the order people ask for them.
inline constexpr Cost kCosts[] = {
    {cost::kSizeBytes, "model_size_bytes", "ModelSizeBytes", Cost::Unit::kBytes, -1, true},
    {cost::kArenaBytes, "arena_bytes", "ArenaBytes", Cost::Unit::kBytes, -1, true},
    {cost::kOpCount, "op_count", cost::kOpCountClass, Cost::Unit::kCount, 0, false},
    {cost::kDelegatedOpShare, "delegated_op_share", "DelegatedOpShare", Cost::Unit::kShare, 1, false},
    {cost::kLatencyP50Ms, "latency_p50_ms", "LatencyP50Ms", Cost::Unit::kMilliseconds, -1, true},
    {cost::kLatencyP90Ms, "latency_p90_ms", "LatencyP90Ms", Cost::Unit::kMilliseconds, -1, false},
    {cost::kLatencyP99Ms, "latency_p99_ms", "LatencyP99Ms", Cost::Unit::kMilliseconds, -1, true},
    {cost::kExamplesPerSecond, "examples_per_second", "ExamplesPerSecond", Cost::Unit::kPerSecond, 1, true},
    {cost::kMultiplyAdds, "", "", Cost::Unit::kCount, -1, false},
    {cost::kWeightBytes, "", "", Cost::Unit::kBytes, -1, false},
};

// The cost that a metric is, by the metric's name; null: it is none.
constexpr const Cost* CostOfMetric(absl::string_view metric) {
  for (const Cost& cost : kCosts) {
    if (!metric.empty() && cost.metric == metric) return &cost;
  }
  return nullptr;
}

}  // namespace tfxm

#endif  // TFXM_PROTO_COSTS_H_

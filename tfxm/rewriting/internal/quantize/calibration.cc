// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/calibration.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tflite_generated.h"
#include "tfxm/compute/pass.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/litert/observe.h"
#include "tfxm/rewriting/internal/feed.h"
#include "tfxm/rewriting/internal/quantize/range_model.h"
#include "tfxm/rewriting/representative_data/sample_check.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::rewriting {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// What one sample does: the range of each tensor, min > max where it was not computed or has no values.
struct Run {
  std::vector<Range> ranges;
  std::string not_finite;  // The first activation that is NaN or infinite
  bool left_out = false;
};

struct Runs {
  std::vector<std::pair<int, int>> tensors;
  std::vector<Run> runs;  // By sample
};

// False if there is a NaN or an infinity. With a NaN both ends are NaN from then on.
bool AddRange(std::span<const float> values, Range& range) {
  // Eight of each keep the loop vectorized; a comparison with NaN is false, so NaN is found by its sum.
  float lo[8], hi[8], poison = 0;
  std::fill_n(lo, 8, range.min);
  std::fill_n(hi, 8, range.max);
  size_t i = 0;
  for (; i + 8 <= values.size(); i += 8) {
    for (int k = 0; k < 8; ++k) {
      const float v = values[i + k];
      lo[k] = v < lo[k] ? v : lo[k];
      hi[k] = v > hi[k] ? v : hi[k];
      poison += v * 0;
    }
  }
  for (; i < values.size(); ++i) {
    lo[0] = std::min(lo[0], values[i]);
    hi[0] = std::max(hi[0], values[i]);
    poison += values[i] * 0;
  }
  range = {*std::min_element(lo, lo + 8), *std::max_element(hi, hi + 8)};
  if (!std::isnan(poison)) return true;
  if (std::any_of(values.begin(), values.end(), [](float value) { return std::isnan(value); })) range = {kNan, kNan};
  return false;
}

bool IsFinite(const Range& range) { return std::isfinite(range.min) && std::isfinite(range.max); }

using Visit = std::function<void(size_t sample, int k, std::span<const float> values)>;
// Called when the model has run on a sample.
using Done = std::function<void(size_t sample, const litert::CompiledModel& model)>;

// Shows `visit`, on any thread, the observed tensors' values themselves: slower than CalibrateInGraph, but it sees
// tensors of any shape, also empty ones, and NaN.
absl::Status ForEachValue(const std::shared_ptr<const litert::ModelFile>& model, const std::string& signature,
                          const SampleSet& samples, const std::vector<char>& skip, bool in_sequence,
                          std::vector<litert::ObservedTensor>* tensors, const Visit& visit, const Done& done = {}) {
  const int num_parts = in_sequence ? 1 : std::min<int>(samples.samples.size(), compute::NumThreads());
  {
    ASSIGN_OR_RETURN(auto observed, litert::ObservedModel::Create(model, {.signature = signature}, {}));
    *tensors = observed->tensors();
  }
  return compute::ParallelFor(num_parts, [&](int part) -> absl::Status {
    ASSIGN_OR_RETURN(auto observed, litert::ObservedModel::Create(model, {.signature = signature}, {}));
    for (size_t s = part; s < samples.samples.size(); s += num_parts) {
      if (skip[s]) continue;
      RETURN_IF_ERROR(Annotate(Feed(observed->model(), samples.samples[s]), samples.names[s]));
      RETURN_IF_ERROR(
          Annotate(observed->Run([&](int k, const Shape&, std::span<const float> values) { visit(s, k, values); }),
                   samples.names[s]));
      if (done) done(s, observed->model());
    }
    return absl::OkStatus();
  });
}

bool IsFinite(const litert::CompiledModel& model) {
  for (size_t i = 0; i < model.outputs().size(); ++i) {
    if (model.outputs()[i].dtype != DataType::kFloat) continue;
    Range range{kInfinity, -kInfinity};
    const std::span<const char> bytes = model.output(i);
    if (!AddRange({reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)}, range)) return false;
  }
  return true;
}

// What a model answers in numbers, although something inside of it is NaN or infinite, is its design: it computes both
// sides of a choice, or an infinity stands for "not this one". Of an outlier it is an accident.
absl::StatusOr<Runs> RunByValues(const std::shared_ptr<const litert::ModelFile>& model, const std::string& signature,
                                 const SampleSet& samples, const std::vector<char>& skip,
                                 const std::vector<char>& outlier, bool in_sequence) {
  Runs out;
  out.runs.resize(samples.samples.size());
  std::vector<litert::ObservedTensor> tensors;
  RETURN_IF_ERROR(ForEachValue(
      model, signature, samples, skip, in_sequence, &tensors,
      [&](size_t s, int k, std::span<const float> values) {
        Run& run = out.runs[s];
        run.ranges.resize(tensors.size(), {kInfinity, -kInfinity});
        if (values.empty() || AddRange(values, run.ranges[k])) return;
        if (run.not_finite.empty()) run.not_finite = tensors[k].name;
      },
      [&](size_t s, const litert::CompiledModel& ran) {
        Run& run = out.runs[s];
        run.left_out = !run.not_finite.empty() && (outlier[s] || !IsFinite(ran));
      }));
  for (const auto& tensor : tensors) out.tensors.push_back({tensor.subgraph, tensor.tensor});
  return out;
}

// NOT_FOUND: something is NaN or infinite. Other errors: not every model can be calibrated in this way.
absl::StatusOr<Runs> RunInGraph(const litert::ModelFile& file, const std::string& signature, const SampleSet& samples,
                                const std::vector<char>& skip, bool in_sequence) {
  const int num_parts = in_sequence ? 1 : std::min<int>(samples.samples.size(), compute::NumThreads());
  std::vector<std::unique_ptr<RangeModel>> parts(num_parts);
  Runs out;
  out.runs.resize(samples.samples.size());
  RETURN_IF_ERROR(compute::ParallelFor(num_parts, [&](int part) -> absl::Status {
    ASSIGN_OR_RETURN(parts[part], RangeModel::Create(file, signature));
    litert::CompiledModel& model = parts[part]->model();
    for (size_t s = part; s < samples.samples.size(); s += num_parts) {
      if (skip[s]) continue;
      parts[part]->Reset();
      RETURN_IF_ERROR(Feed(model, samples.samples[s]));
      RETURN_IF_ERROR(model.Run());
      if (!IsFinite(model)) return absl::NotFoundError("an output is not finite");
      for (const Range& range : parts[part]->ranges()) {
        if (range.min > range.max) continue;
        if (!IsFinite(range)) return absl::NotFoundError("an activation is not finite");
      }
      out.runs[s].ranges = parts[part]->ranges();
    }
    return absl::OkStatus();
  }));
  out.tensors = parts[0]->tensors();
  return out;
}

// The range that `percentile` of a hundred samples stay within, on each side.
Range PercentileOf(std::vector<float> min, std::vector<float> max, double percentile) {
  std::sort(min.begin(), min.end(), std::greater<float>());
  std::sort(max.begin(), max.end());
  const auto rank = static_cast<size_t>(std::ceil(percentile / 100 * min.size()));
  const size_t i = std::clamp<size_t>(rank, 1, min.size()) - 1;
  return {min[i], max[i]};
}

// The part of the range that leaves the smallest mean squared error of clipping and rounding to `levels` values.
Range LeastError(const std::vector<float>& values, const Range& range, int levels) {
  Range best = range;
  double least = std::numeric_limits<double>::infinity();
  constexpr int kParts = 44;  // Down to a hundredth
  double part = 1;
  for (int i = 0; i < kParts; ++i, part *= 0.9) {
    const double min = range.min * part, max = range.max * part, step = (max - min) / levels;
    if (!(step > 0)) break;
    double error = 0;
    for (float v : values) {
      const double rounded = min + step * std::round((std::clamp<double>(v, min, max) - min) / step);
      error += (rounded - v) * (rounded - v);
    }
    if (error >= least) continue;
    least = error;
    best = {static_cast<float>(min), static_cast<float>(max)};
  }
  return best;
}

// Starts as TFLite's calibrator starts, so that an activation that is never positive gets the same range. What is
// infinite, or NaN at both ends, in one sample is so in all.
Ranges MinMaxOf(const Runs& runs) {
  Ranges out;
  for (size_t k = 0; k < runs.tensors.size(); ++k) {
    Range total{std::numeric_limits<float>::max(), std::numeric_limits<float>::min()};
    bool seen = false;
    for (const Run& run : runs.runs) {
      if (run.left_out || run.ranges.empty() || run.ranges[k].min > run.ranges[k].max) continue;
      const Range& range = run.ranges[k];
      total = std::isnan(range.min) ? range : Range{std::min(total.min, range.min), std::max(total.max, range.max)};
      seen = true;
    }
    if (seen) out[runs.tensors[k]] = total;
  }
  return out;
}

Ranges PercentileRanges(const Runs& runs, double percentile) {
  Ranges out = MinMaxOf(runs);
  for (size_t k = 0; k < runs.tensors.size(); ++k) {
    const auto range = out.find(runs.tensors[k]);
    if (range == out.end() || !IsFinite(range->second)) continue;
    std::vector<float> min, max;
    for (const Run& run : runs.runs) {
      if (run.left_out || run.ranges.empty() || run.ranges[k].min > run.ranges[k].max) continue;
      min.push_back(run.ranges[k].min);
      max.push_back(run.ranges[k].max);
    }
    range->second = PercentileOf(std::move(min), std::move(max), percentile);
  }
  return out;
}

absl::StatusOr<Ranges> LeastErrorRanges(const std::shared_ptr<const litert::ModelFile>& model,
                                        const std::string& signature, const SampleSet& samples, const Runs& runs,
                                        const CalibrateOptions& options) {
  // Some of each sample's values, evenly spaced, and its least and greatest.
  constexpr size_t kValues = 256;
  std::vector<char> skip(samples.samples.size());
  for (size_t s = 0; s < skip.size(); ++s) skip[s] = runs.runs[s].left_out;
  std::vector<litert::ObservedTensor> tensors;
  std::vector<std::vector<std::vector<float>>> kept(samples.samples.size());
  RETURN_IF_ERROR(ForEachValue(model, signature, samples, skip, options.in_sequence, &tensors,
                               [&](size_t s, int k, std::span<const float> values) {
                                 kept[s].resize(tensors.size());
                                 std::vector<float>& some = kept[s][k];
                                 const size_t stride = std::max<size_t>(1, values.size() / kValues);
                                 for (size_t i = 0; i < values.size(); i += stride) some.push_back(values[i]);
                                 if (values.empty()) return;
                                 const auto [min, max] = std::minmax_element(values.begin(), values.end());
                                 some.push_back(*min);
                                 some.push_back(*max);
                               }));
  Ranges out = MinMaxOf(runs);
  for (size_t k = 0; k < tensors.size(); ++k) {
    const auto range = out.find({tensors[k].subgraph, tensors[k].tensor});
    if (range == out.end() || !IsFinite(range->second)) continue;
    std::vector<float> values;
    for (const auto& sample : kept) {
      if (k < sample.size()) values.insert(values.end(), sample[k].begin(), sample[k].end());
    }
    range->second = LeastError(values, range->second, options.levels);
  }
  return out;
}

// Of each value that a WHILE carries and whose body has seen next to nothing of it: the range of all that it ever is. A loop over
// the batch (tf.map_fn) runs once for each example that calibration gives it: what it carries is 0 when the body reads it,
// and what the body has made of it is read by nobody. With more examples it is, and a range of [0, 0] would make zeros of it.
void JoinLoopRanges(const schema::Model& model, Ranges* ranges) {
  for (int g = 0; g < litert::Size(model.subgraphs()); ++g) {
    for (const auto* op : litert::Each(model.subgraphs()->Get(g)->operators())) {
      const auto* loop = op->builtin_options_as_WhileOptions();
      if (loop == nullptr) continue;
      const int condition = loop->cond_subgraph_index(), body = loop->body_subgraph_index();
      const schema::SubGraph &before = *model.subgraphs()->Get(condition), &inside = *model.subgraphs()->Get(body);
      for (int i = 0; i < litert::Size(op->inputs()); ++i) {
        const std::vector<std::pair<int, int>> places = {{g, op->inputs()->Get(i)},
                                                         {g, op->outputs()->Get(i)},
                                                         {condition, before.inputs()->Get(i)},
                                                         {body, inside.inputs()->Get(i)},
                                                         {body, inside.outputs()->Get(i)}};
        std::optional<Range> all;
        for (const auto& place : places) {
          const auto it = ranges->find(place);
          if (it == ranges->end() || !IsFinite(it->second)) continue;
          all = all ? Range{std::min(all->min, it->second.min), std::max(all->max, it->second.max)} : it->second;
        }
        constexpr float kNothing = 1e-3f;  // Of the whole: the body has seen next to nothing of what it carries.
        const auto read = ranges->find(places[3]);
        if (!all) continue;
        if (read != ranges->end() && read->second.max - read->second.min > kNothing * (all->max - all->min)) continue;
        for (const auto& place : places) {
          if (const auto it = ranges->find(place); it != ranges->end() && IsFinite(it->second)) it->second = *all;
        }
      }
    }
  }
}

}  // namespace

absl::StatusOr<CalibrationResult> Calibrate(const std::shared_ptr<const litert::ModelFile>& model,
                                            const std::string& signature, const SampleSet& samples,
                                            const SampleFindings& findings, const CalibrateOptions& options) {
  const size_t n = samples.samples.size();
  if (n == 0) return absl::InvalidArgumentError("the representative dataset is empty");
  if (HasOutsideBuffers(model->bytes())) {
    return absl::UnimplementedError(
        "the float model has 2 GB or more, which cannot be calibrated; dynamic_range and float16 need no calibration");
  }
  std::vector<char> skip = findings.not_finite, outlier = findings.outlier;
  skip.resize(n, false);
  outlier.resize(n, false);
  absl::StatusOr<Runs> runs = RunInGraph(*model, signature, samples, skip, options.in_sequence);
  // The values themselves name what is wrong, or take what the other way cannot.
  if (!runs.ok()) runs = RunByValues(model, signature, samples, skip, outlier, options.in_sequence);
  RETURN_IF_ERROR(runs.status());
  CalibrationResult out;
  std::map<std::string, std::vector<size_t>> activations;
  for (size_t s = 0; s < n; ++s) {
    runs->runs[s].left_out = runs->runs[s].left_out || skip[s];
    if (!runs->runs[s].left_out) continue;
    out.left_out.push_back(s);
    if (!skip[s]) activations[runs->runs[s].not_finite].push_back(s);
  }
  for (const auto& [activation, which] : activations) {
    out.warnings.push_back(absl::StrFormat("the activation \"%s\" is NaN or infinite in %d of %d examples (%s)",
                                           activation, which.size(), n, NamesOf(samples, which)));
  }
  if (out.left_out.size() * 2 > n) {
    return absl::InvalidArgumentError(absl::StrCat(
        out.left_out.size(), " of ", n, " examples of the representative dataset cannot calibrate the model: ",
        out.warnings.empty() ? absl::StrCat("an input is NaN or infinite (", NamesOf(samples, out.left_out), ")")
                             : out.warnings[0]));
  }
  switch (options.method) {
    case Calibration::kMinMax: out.ranges = MinMaxOf(*runs); break;
    case Calibration::kPercentile: out.ranges = PercentileRanges(*runs, options.percentile); break;
    case Calibration::kMse: {
      ASSIGN_OR_RETURN(out.ranges, LeastErrorRanges(model, signature, samples, *runs, options));
      break;
    }
  }
  JoinLoopRanges(model->model(), &out.ranges);
  return out;
}

}  // namespace tfxm::rewriting

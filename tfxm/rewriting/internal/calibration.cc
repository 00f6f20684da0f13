#include "tfxm/rewriting/internal/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "tfxm/compute/pass.h"
#include "tfxm/litert/observe.h"
#include "tfxm/rewriting/internal/feed.h"
#include "tfxm/rewriting/internal/range_model.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::rewriting {
namespace {

// Starts as TFLite's calibrator starts, so that an activation that is never positive gets the same range.
struct MinMax {
  float min = std::numeric_limits<float>::max();
  float max = std::numeric_limits<float>::min();
  bool seen = false;
  bool nan = false;

  void Add(std::span<const float> values) {
    if (values.empty()) return;
    // Eight of each keep the loop vectorized; a comparison with NaN is false, so NaN is found by its sum.
    float lo[8], hi[8], poison = 0;
    std::fill_n(lo, 8, min);
    std::fill_n(hi, 8, max);
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
    min = *std::min_element(lo, lo + 8);
    max = *std::max_element(hi, hi + 8);
    seen = true;
    nan = nan || std::isnan(poison);
  }
  void Merge(const MinMax& other) {
    min = std::min(min, other.min);
    max = std::max(max, other.max);
    seen = seen || other.seen;
    nan = nan || other.nan;
  }
};

// By the observed tensors' values themselves: slower, but it sees tensors of any shape, also empty ones, and NaN.
absl::StatusOr<Ranges> CalibrateByValues(const std::shared_ptr<const litert::ModelFile>& model,
                                         const std::string& signature, const std::vector<Sample>& samples) {
  const int num_parts = std::min<int>(samples.size(), compute::NumThreads());
  std::vector<std::vector<MinMax>> parts(num_parts);
  std::vector<litert::ObservedTensor> tensors;
  RETURN_IF_ERROR(compute::ParallelFor(num_parts, [&](int part) -> absl::Status {
    ASSIGN_OR_RETURN(auto observed, litert::ObservedModel::Create(model, {.signature = signature}, {}));
    std::vector<MinMax>& ranges = parts[part];
    ranges.resize(observed->tensors().size());
    if (part == 0) tensors = observed->tensors();
    for (size_t s = part; s < samples.size(); s += num_parts) {
      RETURN_IF_ERROR(Annotate(Feed(observed->model(), samples[s]), absl::StrCat("sample ", s)));
      RETURN_IF_ERROR(
          observed->Run([&](int k, const Shape&, std::span<const float> values) { ranges[k].Add(values); }));
    }
    return absl::OkStatus();
  }));
  Ranges out;
  for (size_t k = 0; k < tensors.size(); ++k) {
    MinMax total;
    for (const auto& part : parts) total.Merge(part[k]);
    if (total.nan) {
      return absl::InvalidArgumentError(
          absl::StrCat("the activation \"", tensors[k].name, "\" is NaN or infinite on the representative dataset"));
    }
    if (total.seen) out[{tensors[k].subgraph, tensors[k].tensor}] = {total.min, total.max};
  }
  return out;
}

bool IsFinite(const litert::CompiledModel& model) {
  for (size_t i = 0; i < model.outputs().size(); ++i) {
    if (model.outputs()[i].dtype != DataType::kFloat) continue;
    MinMax values;
    values.Add({reinterpret_cast<const float*>(model.output(i).data()), model.output(i).size() / sizeof(float)});
    if (values.nan) return false;
  }
  return true;
}

// NOT_FOUND: something is NaN or infinite. Other errors: not every model can be calibrated in this way.
absl::StatusOr<Ranges> CalibrateInGraph(const litert::ModelFile& file, const std::string& signature,
                                        const std::vector<Sample>& samples) {
  const int num_parts = std::min<int>(samples.size(), compute::NumThreads());
  std::vector<std::unique_ptr<RangeModel>> parts(num_parts);
  RETURN_IF_ERROR(compute::ParallelFor(num_parts, [&](int part) -> absl::Status {
    ASSIGN_OR_RETURN(parts[part], RangeModel::Create(file, signature));
    litert::CompiledModel& model = parts[part]->model();
    for (size_t s = part; s < samples.size(); s += num_parts) {
      RETURN_IF_ERROR(Feed(model, samples[s]));
      RETURN_IF_ERROR(model.Run());
      if (!IsFinite(model)) return absl::NotFoundError("an output is not finite");
    }
    return absl::OkStatus();
  }));
  Ranges out;
  for (size_t k = 0; k < parts[0]->tensors().size(); ++k) {
    // Starts as TFLite's calibrator starts.
    Range total{std::numeric_limits<float>::max(), std::numeric_limits<float>::min()};
    bool seen = false;
    for (const auto& part : parts) {
      const Range& range = part->ranges()[k];
      if (range.min > range.max) continue;  // Never computed, or without values.
      if (!std::isfinite(range.min) || !std::isfinite(range.max))
        return absl::NotFoundError("an activation is not finite");
      total = {std::min(total.min, range.min), std::max(total.max, range.max)};
      seen = true;
    }
    if (seen) out[parts[0]->tensors()[k]] = total;
  }
  return out;
}

}  // namespace

absl::StatusOr<Ranges> Calibrate(const std::shared_ptr<const litert::ModelFile>& model, const std::string& signature,
                                 const std::vector<Sample>& samples) {
  if (samples.empty()) return absl::InvalidArgumentError("the representative dataset is empty");
  if (HasOutsideBuffers(model->bytes())) {
    return absl::UnimplementedError(
        "the float model has 2 GB or more, which cannot be calibrated; dynamic_range and float16 need no calibration");
  }
  absl::StatusOr<Ranges> ranges = CalibrateInGraph(*model, signature, samples);
  // The values themselves name what is wrong, or take what the other way cannot.
  return ranges.ok() ? ranges : CalibrateByValues(model, signature, samples);
}

}  // namespace tfxm::rewriting

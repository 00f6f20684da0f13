// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/validation/batch_check.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tfxm/rewriting/internal/feed.h"
#include "tfxm/rewriting/internal/rows.h"
#include "tfxm/rewriting/validation/comparison.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::rewriting {
namespace {

constexpr size_t kExamples = 3;
// What another order of adding up leaves, in parts of an output's largest value; what is a difference for whoever
// reads it.
constexpr double kRounding = 1e-5, kSameAnswer = 1e-3;

using Outputs = std::map<std::string, Tensor>;

// One example after the other, each of batch 1.
struct Examples {
  std::vector<Sample> samples;
  std::vector<std::string> names;
};

bool IsOpen(const TensorSpec& input) { return !input.shape.empty() && input.shape[0] < 0; }

// The first examples of one size. A model's inputs that have no batch get the first sample's values every time.
Examples Choose(const litert::CompiledModel& tflite, const SampleSet& set) {
  Examples out;
  for (size_t s = 0; s < set.samples.size() && out.samples.size() < kExamples; ++s) {
    int64_t rows = -1;
    bool fits = true;
    for (const TensorSpec& input : tflite.inputs()) {
      if (!IsOpen(input)) continue;
      const Shape& shape = set.samples[s].at(input.name).shape();
      fits = fits && (rows < 0 || shape[0] == rows);
      rows = shape[0];
    }
    for (int64_t row = 0; fits && row < rows && out.samples.size() < kExamples; ++row) {
      Sample one;
      for (const TensorSpec& input : tflite.inputs()) {
        const Tensor& from = set.samples[IsOpen(input) ? s : 0].at(input.name);
        one[input.name] = IsOpen(input) ? RowOf(from, row) : from;
        fits = fits && (out.samples.empty() || one[input.name].shape() == out.samples[0].at(input.name).shape());
      }
      if (!fits) break;
      out.samples.push_back(std::move(one));
      const std::string name = s < set.names.size() ? set.names[s] : absl::StrCat("sample ", s);
      out.names.push_back(rows == 1 ? name : absl::StrCat("row ", row, " of ", name));
    }
  }
  // Of a single one, itself twice: zeros in all places but the last show there as well.
  if (out.samples.size() == 1) {
    out.samples.push_back(out.samples[0]);
    out.names.push_back(out.names[0]);
  }
  return out;
}

Sample Together(const litert::CompiledModel& tflite, const Examples& examples) {
  Sample out;
  for (const TensorSpec& input : tflite.inputs()) {
    std::vector<const Tensor*> parts;
    for (const Sample& sample : examples.samples) parts.push_back(&sample.at(input.name));
    out[input.name] = IsOpen(input) ? Stacked(parts) : *parts[0];
  }
  return out;
}

// Quantized outputs as the numbers that they stand for.
absl::StatusOr<Outputs> RunTflite(litert::CompiledModel& tflite, const Sample& sample) {
  RETURN_IF_ERROR(Feed(tflite, sample));
  RETURN_IF_ERROR(tflite.Run());
  Outputs out;
  for (size_t i = 0; i < tflite.outputs().size(); ++i) {
    ASSIGN_OR_RETURN(Tensor value, ReadOutput(tflite, static_cast<int>(i)));
    if (const litert::Quantization& q = tflite.output_quantization(i); q.scale != 0) {
      Tensor real(DataType::kFloat, value.shape());
      for (int64_t k = 0; k < value.num_elements(); ++k) {
        real.values<float>()[k] = static_cast<float>((value.ValueAsDouble(k) - q.zero_point) * q.scale);
      }
      value = std::move(real);
    }
    out[tflite.outputs()[i].name] = std::move(value);
  }
  return out;
}

double Difference(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  const double difference = std::abs(a - b);
  return std::isnan(difference) ? INFINITY : difference;
}

// One example's values in two tensors: `rows` from `begin` of `all` along an axis of the first, the whole of the second.
struct Part {
  const Tensor* got;
  const Tensor* want;
  int64_t all = 1, begin = 0, rows = 1, inner = 1;

  int64_t size() const { return want->num_elements(); }
  int64_t Place(int64_t k) const { return (k / (rows * inner) * all + begin) * inner + k % (rows * inner); }
  double Got(int64_t k) const { return got->ValueAsDouble(Place(k)); }
  double Want(int64_t k) const { return want->ValueAsDouble(k); }
  // Between values `k`. A string differs from another by 1, however it does.
  double Off(int64_t k) const {
    if (want->dtype() == DataType::kString) return got->strings()[Place(k)] == want->strings()[k] ? 0 : 1;
    return Difference(Got(k), Want(k));
  }
};

// An output of the batch cut into the examples' along the one axis that tells them apart; nullopt if there is none.
std::optional<std::vector<Part>> Cut(const Tensor& together, const std::vector<const Tensor*>& alone) {
  const Shape& whole = together.shape();
  std::optional<size_t> axis;
  for (const Tensor* one : alone) {
    if (one->shape().size() != whole.size() || one->dtype() != together.dtype()) return std::nullopt;
    for (size_t d = 0; d < whole.size(); ++d) {
      if (one->shape()[d] == whole[d]) continue;
      if (axis && *axis != d) return std::nullopt;
      axis = d;
    }
  }
  if (!axis) return std::nullopt;
  int64_t inner = 1, begin = 0;
  for (size_t d = *axis + 1; d < whole.size(); ++d) inner *= whole[d];
  std::vector<Part> parts;
  for (const Tensor* one : alone) {
    const int64_t rows = one->shape()[*axis];
    parts.push_back({.got = &together, .want = one, .all = whole[*axis], .begin = begin, .rows = rows, .inner = inner});
    begin += rows;
  }
  if (begin != whole[*axis]) return std::nullopt;
  return parts;
}

double Rms(const Part& part) {
  double sum = 0;
  for (int64_t k = 0; k < part.size(); ++k) sum += part.Off(k) * part.Off(k);
  return part.size() == 0 ? 0 : std::sqrt(sum / part.size());
}

// How an output of the batch differs from what the examples alone give.
struct Finding {
  std::string output;
  std::optional<Part> part;  // Of the example that is furthest off; nullopt: the output is not one of examples.
  size_t example = 0;
};

// The example that is furthest off, if any value is off by more than `step` and `rounding` of the largest.
std::optional<size_t> Unlike(const std::vector<Part>& parts, double step, double rounding) {
  const bool numbers = parts[0].want->dtype() != DataType::kString;
  double largest = 0;
  for (const Part& part : parts) {
    for (int64_t k = 0; numbers && k < part.size(); ++k) {
      if (const double value = std::abs(part.Want(k)); std::isfinite(value)) largest = std::max(largest, value);
    }
  }
  const double most = std::max(rounding * largest, step);
  int64_t off = 0;
  for (const Part& part : parts) {
    for (int64_t k = 0; k < part.size(); ++k) off += part.Off(k) > most;
  }
  // One class of all examples may be another where two are as likely: then rounding decides.
  if (off == 0 || (off == 1 && !IsReal(parts[0].want->dtype()))) return std::nullopt;
  std::vector<double> rms;
  for (const Part& part : parts) rms.push_back(Rms(part));
  return std::max_element(rms.begin(), rms.end()) - rms.begin();
}

// `steps`: of the outputs of integers. `rounding`: in parts of an output's largest value.
std::vector<Finding> Compare(const Outputs& together, const std::vector<Outputs>& alone,
                             const std::map<std::string, double>& steps, double rounding) {
  std::vector<Finding> found;
  for (const auto& [name, value] : together) {
    std::vector<const Tensor*> outputs;
    for (const Outputs& one : alone) outputs.push_back(&one.at(name));
    const auto parts = Cut(value, outputs);
    if (!parts) {
      // A constant, perhaps.
      if (!std::all_of(outputs.begin(), outputs.end(), [&](const Tensor* one) { return SameBytes(*one, value); })) {
        found.push_back({.output = name, .part = std::nullopt});
      }
      continue;
    }
    const auto step = steps.find(name);
    if (const auto example = Unlike(*parts, step == steps.end() ? 0 : 2.01 * step->second, rounding)) {
      found.push_back({.output = name, .part = (*parts)[*example], .example = *example});
    }
  }
  return found;
}

bool Has(const std::vector<Finding>& findings, const std::string& output) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& f) { return f.output == output; });
}

// Whether the example is hardly further off than its answer alone is from the SavedModel's: two roundings differ by 1.4
// times what one does, and what has become of nothing but zeros by more, within any limits.
bool WithinError(const Finding& finding, const std::vector<Outputs>& alone, const std::vector<Outputs>& right) {
  double error = 0;
  for (size_t e = 0; e < alone.size(); ++e) {
    const Tensor &got = alone[e].at(finding.output), &want = right[e].at(finding.output);
    if (got.num_elements() != want.num_elements()) return false;
    const int64_t n = std::max<int64_t>(1, got.num_elements());
    error = std::max(error, Rms({.got = &got, .want = &want, .all = n, .rows = n}));
  }
  return Rms(*finding.part) <= 1.5 * error;
}

std::string Describe(const Finding& finding, const Examples& examples, const Tensor& together) {
  const size_t n = examples.samples.size();
  if (!finding.part) {
    return absl::StrFormat("output \"%s\" is one %s for %d examples", finding.output, ShapeString(together.shape()), n);
  }
  const Part& part = *finding.part;
  int64_t worst = 0, different = 0;
  for (int64_t k = 0; k < part.size(); ++k) {
    different += part.Off(k) > 0;
    if (part.Off(k) > part.Off(worst)) worst = k;
  }
  const std::string values = together.dtype() == DataType::kString
                                 ? absl::StrFormat("another string in a batch of %d than", n)
                                 : absl::StrFormat("%g in a batch of %d and %g", part.Got(worst), n, part.Want(worst));
  return absl::StrFormat("output \"%s\" of %s is %s alone (at value %d; %d of its %d values differ)", finding.output,
                         examples.names[finding.example], values, worst, different, part.size());
}

std::string Names(const std::vector<Finding>& findings) {
  return absl::StrCat("output ", absl::StrJoin(findings, ", ", [](std::string* out, const Finding& finding) {
                        absl::StrAppend(out, "\"", finding.output, "\"");
                      }));
}

constexpr char kBatchOfOne[] = "batch_size=1 (--batch_size=1) makes a file that takes one example at a time";

}  // namespace

absl::StatusOr<std::string> CheckExamplesInBatch(const SavedModel& saved_model, const Signature& signature,
                                                 litert::CompiledModel& tflite, const SampleSet& samples,
                                                 const ValidationLimits& limits) {
  if (std::none_of(tflite.inputs().begin(), tflite.inputs().end(), IsOpen)) return "";
  const Examples examples = Choose(tflite, samples);
  if (examples.samples.empty()) return "";
  const Sample batch = Together(tflite, examples);
  const std::string of = absl::StrCat("a batch of ", examples.samples.size());

  std::vector<Outputs> right, alone;
  for (size_t e = 0; e < examples.samples.size(); ++e) {
    auto outputs = saved_model.Run(signature, examples.samples[e]);
    if (!outputs.ok()) return "";  // A model of pairs, perhaps, which takes no example alone.
    right.push_back(*std::move(outputs));
    outputs = RunTflite(tflite, examples.samples[e]);
    if (!outputs.ok()) return Annotate(outputs.status(), absl::StrCat("running ", examples.names[e], " alone"));
    alone.push_back(*std::move(outputs));
  }
  const auto right_together = saved_model.Run(signature, batch);
  if (!right_together.ok()) {
    return absl::StrCat("The SavedModel takes one example at a time: of ", of, " it says \"",
                        right_together.status().message(), "\".");
  }
  const auto together = RunTflite(tflite, batch);
  if (!together.ok()) {
    return AnswerIsNo(absl::StrCat("the TFLite model does not run on ", of,
                                   ", the SavedModel does: ", together.status().message(), "; ", kBatchOfOne));
  }

  std::vector<Finding> dependent = Compare(*right_together, right, {}, kSameAnswer);
  ASSIGN_OR_RETURN(const std::vector<double> steps, StepsOfOutputs(tflite.file(), signature.name));
  std::map<std::string, double> step_of;
  for (size_t i = 0; i < steps.size(); ++i) step_of[tflite.outputs()[i].name] = steps[i];
  for (Finding& finding : Compare(*together, alone, step_of, kRounding)) {
    if (Has(dependent, finding.output) || (finding.part && WithinError(finding, alone, right))) continue;
    const Tensor& value = together->at(finding.output);
    if (!finding.part && value.shape() == right_together->at(finding.output).shape()) {
      dependent.push_back(std::move(finding));  // How often a loop ran, say: what is rounded may make a difference.
      continue;
    }
    return AnswerIsNo(absl::StrCat("the TFLite model is wrong in a batch: ", Describe(finding, examples, value),
                                   "; in the SavedModel it is the same both ways. It is right for one example at a "
                                   "time: ",
                                   kBatchOfOne));
  }
  if (dependent.empty()) return absl::StrCat("In ", of, " each example is answered as alone.");

  ASSIGN_OR_RETURN(ModelComparison comparison,
                   CompareModels(saved_model, signature, tflite, {.samples = {batch}, .names = {of}}));
  std::erase_if(comparison.outputs, [&](const OutputComparison& output) { return !Has(dependent, output.name); });
  comparison.source = of;
  const std::string depends =
      absl::StrCat(Names(dependent), ": of the whole batch, since what an example gets depends on the others in it");
  if (const absl::Status status = CheckLimits(comparison, limits); !status.ok()) {
    return AnswerIsNo(absl::StrCat(depends,
                                   ", and the TFLite model is made for one example at a time: ", status.message(),
                                   "; batch_size=N (--batch_size=N) makes a file for N at a time, calibrated so"));
  }
  return absl::StrCat("In a batch, ", depends, ". On ", of, " it is as in the SavedModel, within the limits.");
}

}  // namespace tfxm::rewriting

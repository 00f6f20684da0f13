// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/validation/comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tflite_generated.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/rewriting/internal/feed.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::rewriting {
namespace {

bool IsQuantizedType(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUint8 || type == DataType::kInt16;
}

std::string Names(const std::vector<TensorSpec>& specs) {
  return absl::StrJoin(specs, ", ",
                       [](std::string* out, const TensorSpec& s) { absl::StrAppend(out, "\"", s.name, "\""); });
}

absl::Status CheckSide(absl::string_view side, const std::vector<TensorSpec>& wanted,
                       const std::vector<TensorSpec>& found) {
  std::vector<std::string> wrong;
  for (const TensorSpec& want : wanted) {
    const auto it = std::find_if(found.begin(), found.end(), [&](const TensorSpec& f) { return f.name == want.name; });
    if (it == found.end()) {
      wrong.push_back(absl::StrCat("the TFLite model has no ", side, " \"", want.name, "\"; it has ", Names(found)));
      continue;
    }
    if (it->dtype != want.dtype && !(want.dtype == DataType::kFloat && IsQuantizedType(it->dtype))) {
      wrong.push_back(absl::StrCat(side, " \"", want.name, "\" is ", DataTypeName(it->dtype), ", in the SavedModel ",
                                   DataTypeName(want.dtype)));
    }
    // A SavedModel may know less about its outputs than the converter finds out.
    bool fits = it->shape.size() == want.shape.size();
    for (size_t d = 0; fits && d < want.shape.size(); ++d) {
      fits = want.shape[d] == it->shape[d] || want.shape[d] < 0 || (side == "output" && it->shape[d] < 0);
    }
    if (!fits && !(side == "output" && (want.shape.empty() || it->shape.empty()))) {
      wrong.push_back(absl::StrCat(side, " \"", want.name, "\" has shape ", ShapeString(it->shape),
                                   ", in the SavedModel ", ShapeString(want.shape)));
    }
  }
  if (wanted.size() < found.size()) {
    wrong.push_back(absl::StrCat("the TFLite model has ", found.size(), " ", side, "s (", Names(found),
                                 "), the SavedModel ", wanted.size(), " (", Names(wanted), ")"));
  }
  if (wrong.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrJoin(wrong, "; "));
}

// Integers of more different values than this are numbers: pixels, not classes.
constexpr size_t kManyIntegers = 64;

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// Exact, also of 64 bits.
long double Value(const Tensor& tensor, int64_t i) {
  if (tensor.dtype() == DataType::kInt64) return static_cast<long double>(tensor.values<int64_t>()[i]);
  if (tensor.dtype() == DataType::kUint64) return static_cast<long double>(tensor.values<uint64_t>()[i]);
  return tensor.ValueAsDouble(i);
}

bool IsReal(DataType type) { return type == DataType::kFloat || type == DataType::kDouble || type == DataType::kHalf; }

// One output's values of both models.
class Accumulator {
 public:
  OutputComparison result;

  void Add(int64_t sample, int64_t examples, bool outlier, const Tensor& want, const Tensor& got,
           const litert::Quantization& q) {
    if (want.dtype() == DataType::kString) return AddStrings(want, got);
    real_ = IsReal(want.dtype());
    boolean_ = want.dtype() == DataType::kBool;
    const int64_t n = want.num_elements();
    const bool quantized = q.scale != 0 && real_ && IsQuantizedType(got.dtype());
    if (!statistics_) {
      statistics_.emplace(/*most_values=*/1 << 15, /*resolution=*/real_ ? 1e-6 : 1e-15);
      // Integers that a double does not tell apart: their differences to one of them do.
      if (!real_ && n > 0 && std::abs(Value(want, 0)) >= 9007199254740992) origin_ = Value(want, 0);
    }
    const int64_t values_of_one = std::max<int64_t>(1, n / std::max<int64_t>(1, examples));
    int64_t last_nan = -1;
    std::vector<double> a(n), b(n);
    bool mismatched = false;
    for (int64_t i = 0; i < n; ++i) {
      const long double exact_x = Value(want, i), exact_y = Value(got, i);
      const auto x = static_cast<double>(exact_x);
      auto y = static_cast<double>(exact_y);
      if (quantized) y = (y - q.zero_point) * q.scale;
      a[i] = origin_ == 0 ? x : static_cast<double>(exact_x - origin_);
      b[i] = origin_ == 0 ? y : static_cast<double>(exact_y - origin_);
      if (std::isnan(x) && i / values_of_one != last_nan) {
        last_nan = i / values_of_one;
        ++result.num_nan;
      }
      ++result.num_values;
      if (!real_) {
        equal_ += exact_x == exact_y;
        if (integers_.size() <= kManyIntegers) integers_.insert(exact_x);
      }
      if (std::isfinite(x) && std::isfinite(y)) {
        result.max_abs_error = std::max(result.max_abs_error, std::abs(a[i] - b[i]));
        sum_abs_ += std::abs(a[i] - b[i]);
        result.min = any_ ? std::min(result.min, x) : x;
        result.max = any_ ? std::max(result.max, x) : x;
        any_ = true;
      } else if (!(x == y || (std::isnan(x) && std::isnan(y)))) {
        if (!result.mismatch) result.mismatch = {.sample = sample, .value = i, .saved_model = x, .tflite = y};
        ++result.mismatch->num_values;
        mismatched = true;
      }
    }
    if (mismatched) ++result.mismatch->num_samples;
    if (real_ && want.shape().size() == 2 && want.shape()[1] >= 2) AddRows(a, b, want.shape()[1]);
    statistics_->Add(examples, want.shape(), a, b, outlier);
  }

  OutputComparison Finish() {
    result.mean_abs_error = result.num_values == 0 ? 0 : sum_abs_ / result.num_values;
    if (boolean_ || strings_ || (!real_ && integers_.size() <= kManyIntegers)) {
      result.categorical = true;
    } else {
      result.integer = !real_;
    }
    if (!real_) {
      result.rows = result.num_values;
      result.rows_agreeing = equal_;
      result.rows_clearly_different = result.rows - equal_;
    } else {
      const double undecided = 0.1 * Median(spreads_);
      result.rows_clearly_different =
          std::count_if(lost_.begin(), lost_.end(), [&](double difference) { return difference > undecided; });
    }
    if (strings_) {
      result.sqnr_db = equal_ == result.rows ? std::numeric_limits<double>::infinity() : 0;
      return result;
    }
    if (!statistics_) return result;
    ErrorSummary summary = statistics_->Finish();
    if (summary.parts.empty()) return result;
    for (ErrorPart& part : summary.parts) {
      part.min += static_cast<double>(origin_);
      part.max += static_cast<double>(origin_);
    }
    const ErrorPart& all = summary.parts[0];
    result.sqnr_db = all.sqnr_db;
    result.constant = all.constant;
    result.lost = all.lost;
    result.parts.assign(summary.parts.begin() + 1, summary.parts.end());
    return result;
  }

 private:
  void AddRows(const std::vector<double>& a, const std::vector<double>& b, int64_t columns) {
    for (size_t row = 0; row + columns <= a.size(); row += columns) {
      const auto want = a.begin() + row, got = b.begin() + row;
      if (std::any_of(want, want + columns, [](double v) { return std::isnan(v); })) continue;
      const auto best = std::max_element(want, want + columns);
      ++result.rows;
      spreads_.push_back(*best - *std::min_element(want, want + columns));
      // Where TFLite's largest value is in several places it does not say which: the worst of them counts.
      const double top = *std::max_element(got, got + columns);
      double worst = *best;
      int places = 0;
      for (int64_t c = 0; c < columns; ++c) {
        if (!(got[c] == top)) continue;
        ++places;
        worst = std::min(worst, want[c]);
      }
      if (places == 0 || (places == 1 && got[best - want] == top)) {
        ++result.rows_agreeing;  // No place: all are NaN, which is judged as such.
      } else {
        lost_.push_back(*best - worst);
      }
    }
  }
  void AddStrings(const Tensor& want, const Tensor& got) {
    strings_ = true;
    for (size_t i = 0; i < want.strings().size(); ++i) {
      const bool same = i < got.strings().size() && want.strings()[i] == got.strings()[i];
      ++result.num_values;
      equal_ += same;
      if (same) continue;
      ++sum_abs_;
      result.max_abs_error = 1;
    }
    real_ = false;
  }

  std::optional<ErrorStatistics> statistics_;
  long double origin_ = 0;  // What is subtracted from all values.
  double sum_abs_ = 0;
  bool any_ = false, real_ = true, boolean_ = false, strings_ = false;
  int64_t equal_ = 0;
  std::set<long double> integers_;  // The different values, as long as they are few
  std::vector<double> spreads_;  // Of rows: how far the SavedModel's largest value is from its smallest
  std::vector<double> lost_;     // Of rows that differ: how far its score of TFLite's place is from its best
};

// The scale of the tensor: its own, or of the integers that it is converted from.
double StepOf(const schema::SubGraph& graph, const schema::Model& model, int tensor) {
  auto scale = [&](int t) -> double {
    const auto* q = graph.tensors()->Get(t)->quantization();
    return q != nullptr && litert::Size(q->scale()) == 1 ? q->scale()->Get(0) : 0;
  };
  for (const auto* op : litert::Each(graph.operators())) {
    if (litert::OpName(model, *op) == "DEQUANTIZE" && op->outputs()->Get(0) == tensor)
      return scale(op->inputs()->Get(0));
  }
  return scale(tensor);
}

}  // namespace

bool IsReal(DataType type) { return type == DataType::kFloat || type == DataType::kDouble || type == DataType::kHalf; }

bool SameBytes(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.strings() == b.strings() &&
         std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin(), b.bytes().end());
}

absl::Status CheckSignature(const Signature& signature, const litert::CompiledModel& tflite) {
  RETURN_IF_ERROR(CheckSide("input", signature.inputs, tflite.inputs()));
  return CheckSide("output", signature.outputs, tflite.outputs());
}

absl::StatusOr<std::vector<double>> StepsOfOutputs(const litert::ModelFile& file, const std::string& signature) {
  ASSIGN_OR_RETURN(const litert::SignatureInfo* info, file.FindSignature(signature));
  std::vector<double> steps;
  for (const litert::SignatureTensor& output : info->outputs) {
    steps.push_back(StepOf(*file.model().subgraphs()->Get(info->subgraph), file.model(), output.tensor));
  }
  return steps;
}

absl::Status CheckDeterministic(const SavedModel& one, const SavedModel& other, const Signature& signature,
                                const Sample& sample) {
  ASSIGN_OR_RETURN(const auto once, one.Run(signature, sample));
  ASSIGN_OR_RETURN(const Signature* others, other.FindSignature(signature.name));
  ASSIGN_OR_RETURN(const auto again, other.Run(*others, sample));
  std::vector<std::string> changing;
  for (const auto& [name, value] : once) {
    const auto found = again.find(name);
    if (found == again.end() || !SameBytes(value, found->second)) changing.push_back(absl::StrCat("\"", name, "\""));
  }
  if (changing.empty()) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat("the SavedModel gives ", absl::StrJoin(changing, ", "),
                                               " different values for the same input: it is random (dropout that is "
                                               "on?)",
                                               &one == &other ? " or keeps state" : ""));
}

absl::StatusOr<ModelComparison> CompareModels(const SavedModel& saved_model, const Signature& signature,
                                              litert::CompiledModel& tflite, const SampleSet& samples) {
  ModelComparison comparison{.names = samples.names};
  std::vector<Accumulator> accumulators(tflite.outputs().size());
  ASSIGN_OR_RETURN(const std::vector<double> steps, StepsOfOutputs(tflite.file(), signature.name));
  for (size_t i = 0; i < accumulators.size(); ++i) {
    accumulators[i].result.name = tflite.outputs()[i].name;
    accumulators[i].result.dtype = tflite.outputs()[i].dtype;
    accumulators[i].result.step = steps[i];
  }
  for (size_t s = 0; s < samples.samples.size(); ++s) {
    const Sample& sample = samples.samples[s];
    ASSIGN_OR_RETURN(auto want, saved_model.Run(signature, sample));
    int64_t rows = 1;
    for (const auto& [name, tensor] : sample) {
      if (!tensor.shape().empty()) rows = tensor.shape()[0];
    }
    RETURN_IF_ERROR(Feed(tflite, sample));
    RETURN_IF_ERROR(tflite.Run());
    comparison.num_examples += rows;
    for (size_t i = 0; i < accumulators.size(); ++i) {
      const std::string& name = tflite.outputs()[i].name;
      const auto a = want.find(name);
      if (a == want.end()) {
        return absl::FailedPreconditionError(absl::StrCat("the SavedModel has no output \"", name, "\""));
      }
      if (a->second.num_elements() != NumElements(tflite.output_shape(i))) {
        return absl::FailedPreconditionError(absl::StrCat("output \"", name, "\" of the TFLite model has shape ",
                                                          ShapeString(tflite.output_shape(i)), ", of the SavedModel ",
                                                          ShapeString(a->second.shape())));
      }
      ASSIGN_OR_RETURN(const Tensor got, ReadOutput(tflite, static_cast<int>(i)));
      const bool outlier = s < samples.outlier.size() && samples.outlier[s];
      accumulators[i].Add(s, rows, outlier, a->second, got, tflite.output_quantization(i));
    }
  }
  for (Accumulator& accumulator : accumulators) comparison.outputs.push_back(accumulator.Finish());
  return comparison;
}

}  // namespace tfxm::rewriting

#include "tfxm/rewriting/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tflite_generated.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/schema_util.h"
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

struct Accumulator {
  OutputComparison result;
  double sum_abs = 0, signal = 0, noise = 0;
  std::vector<double> lost;  // Of rows that differ: how far the SavedModel's score of TFLite's place is from its best.

  void Add(const Tensor& want, const Tensor& got, const litert::Quantization& q) {
    result.categorical =
        want.dtype() != DataType::kFloat && want.dtype() != DataType::kDouble && want.dtype() != DataType::kHalf;
    if (want.dtype() == DataType::kString) return AddStrings(want, got);
    const int64_t n = want.num_elements();
    const int64_t columns = want.shape().size() == 2 && !result.categorical ? want.shape()[1] : 0;
    const bool quantized = q.scale != 0 && !result.categorical && IsQuantizedType(got.dtype());
    auto value = [&](int64_t i) {
      const double v = got.ValueAsDouble(i);
      return quantized ? (v - q.zero_point) * q.scale : v;
    };
    int64_t want_top = 0, got_top = 0;
    double want_best = 0, got_best = 0;
    for (int64_t i = 0; i < n; ++i) {
      const double a = want.ValueAsDouble(i);
      const double b = value(i);
      if (result.num_values == 0 || a < result.min) result.min = a;
      if (result.num_values == 0 || a > result.max) result.max = a;
      ++result.num_values;
      if (std::isfinite(a) && !std::isfinite(b)) result.not_a_number = true;
      const double error = (a == b || (std::isnan(a) && std::isnan(b))) ? 0 : std::abs(a - b);
      result.max_abs_error = std::max(result.max_abs_error, error);
      sum_abs += error;
      if (std::isfinite(a)) signal += a * a;
      noise += error * error;
      if (result.categorical) {
        ++result.rows;
        if (error == 0) ++result.rows_agreeing;
      }
      if (columns < 2) continue;
      const int64_t c = i % columns;
      if (c == 0 || a > want_best) want_best = a, want_top = c;
      if (c == 0 || b > got_best) got_best = b, got_top = c;
      if (c < columns - 1) continue;
      ++result.rows;
      // A tie in the quantized output is no disagreement.
      if (got_top == want_top || value(i - c + want_top) == got_best) {
        ++result.rows_agreeing;
      } else {
        lost.push_back(want_best - want.ValueAsDouble(i - c + got_top));
      }
    }
  }
  void AddStrings(const Tensor& want, const Tensor& got) {
    for (size_t i = 0; i < want.strings().size(); ++i) {
      const bool same = i < got.strings().size() && want.strings()[i] == got.strings()[i];
      ++result.num_values;
      ++result.rows;
      ++signal;
      result.rows_agreeing += same;
      if (same) continue;
      ++noise;
      ++sum_abs;
      result.max_abs_error = 1;
    }
  }
  OutputComparison Finish() {
    result.mean_abs_error = result.num_values == 0 ? 0 : sum_abs / result.num_values;
    result.sqnr_db = noise == 0    ? std::numeric_limits<double>::infinity()
                     : signal == 0 ? -std::numeric_limits<double>::infinity()
                                   : 10 * std::log10(signal / noise);
    const double undecided = std::max(0.1 * (result.max - result.min), 2 * result.step);
    result.rows_clearly_different =
        result.categorical
            ? result.rows - result.rows_agreeing
            : std::count_if(lost.begin(), lost.end(), [&](double difference) { return difference > undecided; });
    return result;
  }
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

absl::StatusOr<Tensor> ReadOutput(const litert::CompiledModel& tflite, int i) {
  Tensor out(tflite.outputs()[i].dtype, tflite.output_shape(i));
  if (out.dtype() == DataType::kString) {
    out.strings() = tflite.Strings(i);
  } else if (tflite.output(i).size() != out.bytes().size()) {
    return absl::InternalError(absl::StrCat("output \"", tflite.outputs()[i].name, "\" has ", tflite.output(i).size(),
                                            " bytes, its shape is ", ShapeString(out.shape())));
  } else if (!out.bytes().empty()) {
    std::memcpy(out.bytes().data(), tflite.output(i).data(), out.bytes().size());
  }
  return out;
}

bool SameBytes(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.strings() == b.strings() &&
         std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin(), b.bytes().end());
}

// Whether the SavedModel answers one input in one way.
absl::Status CheckDeterministic(const SavedModel& saved_model, const Signature& signature, const Sample& sample) {
  ASSIGN_OR_RETURN(const auto once, saved_model.Run(signature, sample));
  ASSIGN_OR_RETURN(const auto again, saved_model.Run(signature, sample));
  std::vector<std::string> changing;
  for (const auto& [name, value] : once) {
    const auto other = again.find(name);
    if (other == again.end() || !SameBytes(value, other->second)) changing.push_back(absl::StrCat("\"", name, "\""));
  }
  if (changing.empty()) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat("the SavedModel gives ", absl::StrJoin(changing, ", "),
                   " different values for the same input: it is random (dropout that is on?) ", "or keeps state"));
}

}  // namespace

absl::Status CheckSignature(const Signature& signature, const litert::CompiledModel& tflite) {
  RETURN_IF_ERROR(CheckSide("input", signature.inputs, tflite.inputs()));
  return CheckSide("output", signature.outputs, tflite.outputs());
}

absl::StatusOr<ModelComparison> CompareModels(const SavedModel& saved_model, const Signature& signature,
                                              litert::CompiledModel& tflite, const std::vector<Sample>& samples) {
  ModelComparison comparison;
  std::vector<Accumulator> accumulators(tflite.outputs().size());
  for (size_t i = 0; i < accumulators.size(); ++i) {
    accumulators[i].result.name = tflite.outputs()[i].name;
    accumulators[i].result.dtype = tflite.outputs()[i].dtype;
  }
  if (!samples.empty()) {
    RETURN_IF_ERROR(
        Annotate(CheckDeterministic(saved_model, signature, samples[0]), "running the SavedModel on an example"));
  }
  ASSIGN_OR_RETURN(const litert::SignatureInfo* tflite_signature, tflite.file().FindSignature(signature.name));
  const schema::SubGraph& graph = *tflite.file().model().subgraphs()->Get(tflite_signature->subgraph);
  for (size_t i = 0; i < accumulators.size(); ++i) {
    accumulators[i].result.step = StepOf(graph, tflite.file().model(), tflite_signature->outputs[i].tensor);
  }
  for (const Sample& sample : samples) {
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
      accumulators[i].Add(a->second, got, tflite.output_quantization(i));
    }
  }
  for (Accumulator& accumulator : accumulators) comparison.outputs.push_back(accumulator.Finish());
  return comparison;
}

absl::Status CheckLimits(const ModelComparison& comparison, const ValidationLimits& limits) {
  std::vector<std::string> wrong;
  for (const OutputComparison& output : comparison.outputs) {
    if (output.not_a_number) wrong.push_back(absl::StrCat("output \"", output.name, "\" is NaN or infinite"));
    const double range = std::max(output.max - output.min, std::max(std::abs(output.max), std::abs(output.min)));
    // Nothing more can be asked of integers than to be off by their rounding and that of what they are made from.
    const bool only_rounded = limits.rounding_is_fine && output.step > 0 && output.max_abs_error <= 2.01 * output.step;
    const bool numbers = !output.categorical && !only_rounded;
    if (numbers && limits.max_abs_error && range > 0 && !(output.max_abs_error <= *limits.max_abs_error * range)) {
      wrong.push_back(absl::StrFormat("output \"%s\" is off by up to %.3g, %.3g of its range; the limit is %.3g",
                                      output.name, output.max_abs_error, output.max_abs_error / range,
                                      *limits.max_abs_error));
    }
    if (numbers && limits.min_sqnr_db && !(output.sqnr_db >= *limits.min_sqnr_db)) {
      wrong.push_back(absl::StrFormat("output \"%s\" has a signal to noise ratio of %.1f dB; the limit is %.1f dB",
                                      output.name, output.sqnr_db, *limits.min_sqnr_db));
    }
    if (output.rows == 0) continue;
    const char* what = output.categorical ? "same value" : "same top class";
    if (limits.min_top_agreement && !(*output.TopAgreement() >= *limits.min_top_agreement)) {
      wrong.push_back(absl::StrFormat("output \"%s\" has the %s in %d of %d examples; the limit is %.1f %%",
                                      output.name, what, output.rows_agreeing, output.rows,
                                      100 * *limits.min_top_agreement));
    }
    const auto& clear = output.categorical ? limits.min_equal_values : limits.min_clear_agreement;
    // One may differ: of a few, it is no small share.
    if (clear && output.rows_clearly_different > 1 && !(*output.ClearAgreement() >= *clear)) {
      wrong.push_back(absl::StrFormat(
          output.categorical ? "output \"%s\" has another value in %d of %d places; the limit is %.1f %%"
                             : "output \"%s\" has clearly another top class in %d of %d examples; the limit is %.1f %%",
          output.name, output.rows_clearly_different, output.rows, 100 * (1 - *clear)));
    }
  }
  if (wrong.empty()) return absl::OkStatus();
  return AnswerIsNo(absl::StrCat(absl::StrJoin(wrong, "; "), " (on ", comparison.num_examples,
                                 " examples: ", comparison.source, ")"));
}

std::string RenderComparison(const ModelComparison& comparison) {
  std::string out =
      absl::StrCat("SavedModel against TFLite on ", comparison.num_examples, " examples (", comparison.source, ")\n");
  absl::StrAppendFormat(&out, "  %-28s %-8s %12s %12s %10s %9s\n", "output", "type", "max error", "mean error",
                        "SQNR dB", "same top");
  int64_t undecided = 0;
  for (const OutputComparison& output : comparison.outputs) {
    absl::StrAppendFormat(
        &out, "  %-28s %-8s %12.4g %12.4g %10s %9s\n", output.name, DataTypeName(output.dtype), output.max_abs_error,
        output.mean_abs_error,
        std::isinf(output.sqnr_db) && output.sqnr_db > 0 ? "exact" : absl::StrFormat("%.1f", output.sqnr_db),
        output.rows == 0 ? "-" : absl::StrFormat("%.2f%%", 100 * *output.TopAgreement()));
    undecided += output.rows - output.rows_agreeing - output.rows_clearly_different;
  }
  if (undecided > 0) {
    absl::StrAppend(&out, "  In ", undecided,
                    " of the examples with another top class the SavedModel itself is undecided: ",
                    "the two scores are within a tenth of the output's range.\n");
  }
  return out;
}

}  // namespace tfxm::rewriting

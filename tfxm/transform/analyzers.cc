// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/analyzers.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tfxm/ops/array_ops.h"
#include "tfxm/transform/internal/trace.h"

namespace tfxm::transform {
namespace internal {
namespace {

thread_local Trace* current_trace = nullptr;

}  // namespace

Trace* Trace::Current() { return current_trace; }
TraceScope::TraceScope(Trace* trace) : previous_(current_trace) { current_trace = trace; }
TraceScope::~TraceScope() { current_trace = previous_; }

}  // namespace internal

namespace {

using internal::AnalyzerKind;
using internal::AnalyzerNode;
using internal::Trace;

struct Output {
  const char* name;
  DataType dtype;
};

bool IsFloating(DataType dtype) { return dtype == DataType::kFloat || dtype == DataType::kDouble; }
bool IsInteger(DataType dtype) {
  switch (dtype) {
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kUint8:
    case DataType::kUint16: return true;
    default: return false;
  }
}

// The results of an analyzer of x: those of the same analyzer of the same tensor, if there is one, or new placeholders.
std::vector<ops::Tensor> Analyze(AnalyzerKind kind, const FeatureTensor& x, bool reduce_instance_dims,
                                 absl::string_view name, const std::vector<Output>& outputs, AnalyzerNode node = {}) {
  const ops::Tensor values = x.values();
  std::vector<ops::Tensor> invalid(outputs.size(), ops::Tensor(values.graph(), -1, 0));
  if (!values.valid()) return invalid;
  ops::Graph& graph = *values.graph();
  const auto fail = [&](absl::string_view what) {
    graph.SetError(absl::InvalidArgumentError(absl::StrCat("tft::", name, " of \"", values.name(), "\": ", what)));
    return invalid;
  };
  Trace* trace = Trace::Current();
  if (trace == nullptr || trace->graph != &graph) return fail("analyzers can be used in a preprocessing_fn only");
  const bool is_string = values.dtype() == DataType::kString;
  if (kind == AnalyzerKind::kVocabulary
          ? !is_string && values.dtype() != DataType::kInt64
          : kind != AnalyzerKind::kSize && !IsFloating(values.dtype()) && !IsInteger(values.dtype())) {
    return fail(absl::StrCat("values of type ", DataTypeName(values.dtype()), " cannot be analyzed by it"));
  }
  Shape shape;
  if (!reduce_instance_dims) {
    if (x.is_sparse()) return fail("reduce_instance_dims = false takes a dense tensor; this one is sparse");
    shape = values.shape();
    bool known = values.has_rank() && !shape.empty();
    if (known) shape.erase(shape.begin());
    for (const int64_t size : shape) known &= size >= 0;
    if (!known) {
      return fail(absl::StrCat("reduce_instance_dims = false needs a known shape, this is ",
                               values.has_rank() ? ShapeString(values.shape()) : "of unknown rank"));
    }
  }
  for (const AnalyzerNode& other : trace->analyzers) {
    const bool same_tensor = other.input.node() == values.node() && other.input.index() == values.index();
    if (other.kind == kind && same_tensor && other.elementwise == !reduce_instance_dims &&
        other.num_buckets == node.num_buckets && other.vocabulary.vocab_filename == node.vocabulary.vocab_filename &&
        other.vocabulary.top_k == node.vocabulary.top_k &&
        other.vocabulary.frequency_threshold == node.vocabulary.frequency_threshold) {
      return other.outputs;
    }
  }
  const ops::NameScope scope(graph, name);
  node.kind = kind;
  node.input = values;
  node.dtype = values.dtype();
  node.elementwise = !reduce_instance_dims;
  node.shape = shape;
  for (const Output& output : outputs) {
    const Shape output_shape = kind == AnalyzerKind::kQuantiles ? Shape{1, node.num_buckets - 1} : shape;
    node.outputs.push_back(ops::Placeholder(graph, output.dtype, output_shape, output.name));
  }
  node.name = node.outputs[0].name();
  trace->analyzers.push_back(node);
  return node.outputs;
}

DataType MomentType(DataType dtype) { return dtype == DataType::kDouble ? DataType::kDouble : DataType::kFloat; }
DataType SumType(DataType dtype) { return IsFloating(dtype) ? dtype : DataType::kInt64; }

absl::string_view NameOr(absl::string_view name, absl::string_view otherwise) {
  return name.empty() ? otherwise : name;
}

}  // namespace

MinAndMax min_and_max(const FeatureTensor& x, bool reduce_instance_dims, absl::string_view name) {
  const DataType dtype = x.values().dtype();
  const auto outputs = Analyze(AnalyzerKind::kMinAndMax, x, reduce_instance_dims, NameOr(name, "min_and_max"),
                               {{"min", dtype}, {"max", dtype}});
  return {outputs[0], outputs[1]};
}

MeanAndVar mean_and_var(const FeatureTensor& x, bool reduce_instance_dims, absl::string_view name) {
  const DataType dtype = MomentType(x.values().dtype());
  const auto outputs = Analyze(AnalyzerKind::kMeanAndVar, x, reduce_instance_dims, NameOr(name, "mean_and_var"),
                               {{"mean", dtype}, {"var", dtype}});
  return {outputs[0], outputs[1]};
}

ops::Tensor min(const FeatureTensor& x, bool reduce_instance_dims, absl::string_view name) {
  return min_and_max(x, reduce_instance_dims, NameOr(name, "min")).min;
}
ops::Tensor max(const FeatureTensor& x, bool reduce_instance_dims, absl::string_view name) {
  return min_and_max(x, reduce_instance_dims, NameOr(name, "max")).max;
}
ops::Tensor mean(const FeatureTensor& x, bool reduce_instance_dims, absl::string_view name) {
  return mean_and_var(x, reduce_instance_dims, NameOr(name, "mean")).mean;
}
ops::Tensor var(const FeatureTensor& x, bool reduce_instance_dims, absl::string_view name) {
  return mean_and_var(x, reduce_instance_dims, NameOr(name, "var")).var;
}
ops::Tensor sum(const FeatureTensor& x, bool reduce_instance_dims, absl::string_view name) {
  return Analyze(AnalyzerKind::kSum, x, reduce_instance_dims, NameOr(name, "sum"),
                 {{"sum", SumType(x.values().dtype())}})[0];
}
ops::Tensor size(const FeatureTensor& x, bool reduce_instance_dims, absl::string_view name) {
  return Analyze(AnalyzerKind::kSize, x, reduce_instance_dims, NameOr(name, "size"), {{"size", DataType::kInt64}})[0];
}

ops::Tensor quantiles(const FeatureTensor& x, int num_buckets, absl::string_view name) {
  if (num_buckets < 1) {
    if (ops::Graph* graph = x.values().graph()) {
      graph->SetError(
          absl::InvalidArgumentError(absl::StrCat("tft::quantiles: num_buckets is ", num_buckets, ", must be >= 1")));
    }
    return ops::Tensor(x.values().graph(), -1, 0);
  }
  AnalyzerNode node{.num_buckets = num_buckets};
  return Analyze(AnalyzerKind::kQuantiles, x, true, NameOr(name, "quantiles"), {{"boundaries", DataType::kFloat}},
                 node)[0];
}

ops::Tensor vocabulary(const FeatureTensor& x, const VocabularyOptions& options, absl::string_view name) {
  AnalyzerNode node{.vocabulary = options};
  Trace* trace = Trace::Current();
  if (trace != nullptr && !options.vocab_filename.empty()) {
    for (const AnalyzerNode& other : trace->analyzers) {
      if (other.vocabulary.vocab_filename == options.vocab_filename && other.input.node() != x.values().node()) {
        trace->graph->SetError(absl::InvalidArgumentError(absl::StrCat(
            "tft::vocabulary: two vocabularies have the vocab_filename \"", options.vocab_filename, "\"")));
      }
    }
  }
  return Analyze(AnalyzerKind::kVocabulary, x, true, NameOr(name, "vocabulary"), {{"vocab_file", DataType::kString}},
                 node)[0];
}

}  // namespace tfxm::transform

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/analyzers.h"

#include <algorithm>
#include <optional>
#include <tuple>

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
  std::optional<Shape> shape = std::nullopt;  // If it is not that of one example's result.
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

bool SameTensors(const std::vector<ops::Tensor>& a, const std::vector<ops::Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const ops::Tensor& x, const ops::Tensor& y) {
    return x.node() == y.node() && x.index() == y.index();
  });
}

bool SameVocabulary(const VocabularyOptions& a, const VocabularyOptions& b) {
  const auto members = [](const VocabularyOptions& o) {
    return std::tie(o.top_k, o.frequency_threshold, o.vocab_filename, o.store_frequency, o.reserved_tokens,
                    o.fingerprint_shuffle, o.file_format, o.use_adjusted_mutual_info, o.min_diff_from_avg,
                    o.coverage_top_k, o.coverage_frequency_threshold, o.traced_key_fn);
  };
  return members(a) == members(b) && !a.key_fn && !b.key_fn;
}

bool SameAnalyzer(const AnalyzerNode& a, const AnalyzerNode& b) {
  const auto members = [](const AnalyzerNode& n) {
    return std::tie(n.kind, n.elementwise, n.weighted, n.labeled, n.per_key, n.num_buckets, n.output_dim,
                    n.output_dtype);
  };
  return members(a) == members(b) && SameTensors(a.inputs, b.inputs) && SameVocabulary(a.vocabulary, b.vocabulary);
}

// Of one example of x, if it is known.
std::optional<Shape> ExampleShape(const ops::Tensor& x) {
  if (!x.valid() || !x.has_rank()) return std::nullopt;
  Shape shape = x.shape();
  if (shape.empty()) return std::nullopt;
  shape.erase(shape.begin());
  for (const int64_t size : shape) {
    if (size < 0) return std::nullopt;
  }
  return shape;
}

// The results of an analyzer of x: those of the same analyzer of the same tensors, if there is one, or new placeholders.
// `others`: its other inputs.
std::vector<ops::Tensor> Analyze(AnalyzerKind kind, const FeatureTensor& x, bool reduce_instance_dims,
                                 absl::string_view name, const std::vector<Output>& outputs, AnalyzerNode node = {},
                                 const std::vector<ops::Tensor>& others = {}) {
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
  if (!reduce_instance_dims) {
    if (!x.is_dense()) return fail("reduce_instance_dims = false takes a dense tensor; this one is not");
    const std::optional<Shape> shape = ExampleShape(values);
    if (!shape.has_value()) {
      return fail(absl::StrCat("reduce_instance_dims = false needs a known shape, this is ",
                               values.has_rank() ? ShapeString(values.shape()) : "of unknown rank"));
    }
    node.shape = *shape;
  }
  node.kind = kind;
  node.inputs = {values};
  node.inputs.insert(node.inputs.end(), others.begin(), others.end());
  node.dtype = values.dtype();
  node.elementwise = !reduce_instance_dims;
  for (const ops::Tensor& other : others) {
    if (!other.valid()) return invalid;
  }
  for (const AnalyzerNode& other : trace->analyzers) {
    if (SameAnalyzer(other, node)) return other.outputs;
  }
  const ops::NameScope scope(graph, name);
  for (const Output& output : outputs) {
    node.outputs.push_back(ops::Placeholder(graph, output.dtype, output.shape.value_or(node.shape), output.name));
  }
  node.name = node.outputs[0].name();
  trace->analyzers.push_back(node);
  return node.outputs;
}

// One for each key: of `outputs`, with the keys before them.
PerKey AnalyzePerKey(AnalyzerKind kind, const FeatureTensor& x, const FeatureTensor& key, bool reduce_instance_dims,
                     absl::string_view name, std::vector<Output> outputs, AnalyzerNode node = {},
                     std::vector<ops::Tensor> others = {}) {
  node.per_key = true;
  others.push_back(key.values());
  for (Output& output : outputs) {
    if (output.shape.has_value()) continue;
    Shape shape = reduce_instance_dims ? Shape{} : ExampleShape(x.values()).value_or(Shape{});
    shape.insert(shape.begin(), -1);
    output.shape = shape;
  }
  outputs.insert(outputs.begin(), {"keys", DataType::kString, Shape{-1}});
  std::vector<ops::Tensor> results = Analyze(kind, x, reduce_instance_dims, name, outputs, node, others);
  const ops::Tensor keys = results.front();
  results.erase(results.begin());
  return {keys, results};
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

namespace {

bool CheckPositive(const FeatureTensor& x, absl::string_view what, int n) {
  if (n >= 1) return true;
  if (ops::Graph* graph = x.values().graph()) {
    graph->SetError(absl::InvalidArgumentError(absl::StrCat("tft::", what, " is ", n, ", must be >= 1")));
  }
  return false;
}

}  // namespace

ops::Tensor quantiles(const FeatureTensor& x, int num_buckets, absl::string_view name) {
  return quantiles(x, num_buckets, {}, true, name);
}

ops::Tensor quantiles(const FeatureTensor& x, int num_buckets, const FeatureTensor& weights, bool reduce_instance_dims,
                      absl::string_view name) {
  if (!CheckPositive(x, "quantiles: num_buckets", num_buckets)) return ops::Tensor(x.values().graph(), -1, 0);
  AnalyzerNode node{.weighted = weights.values().valid(), .num_buckets = num_buckets};
  const std::vector<ops::Tensor> others = node.weighted ? ops::TensorList{weights.values()} : ops::TensorList{};
  Shape shape = reduce_instance_dims ? Shape{} : ExampleShape(x.values()).value_or(Shape{});
  if (shape.empty()) shape = {1};
  shape.push_back(num_buckets - 1);
  return Analyze(AnalyzerKind::kQuantiles, x, reduce_instance_dims, NameOr(name, "quantiles"),
                 {{"boundaries", DataType::kFloat, shape}}, node, others)[0];
}

ops::Tensor covariance(const FeatureTensor& x, DataType dtype, absl::string_view name) {
  const int64_t n = NumElements(ExampleShape(x.values()).value_or(Shape{}));
  return Analyze(AnalyzerKind::kCovariance, x, false, NameOr(name, "covariance"), {{"covariance", dtype, Shape{n, n}}},
                 {.output_dtype = dtype})[0];
}

ops::Tensor pca(const FeatureTensor& x, int output_dim, DataType dtype, absl::string_view name) {
  const int64_t n = NumElements(ExampleShape(x.values()).value_or(Shape{}));
  if (!CheckPositive(x, "pca: output_dim", output_dim)) return ops::Tensor(x.values().graph(), -1, 0);
  if (output_dim > n) {
    if (ops::Graph* graph = x.values().graph()) {
      graph->SetError(absl::InvalidArgumentError(
          absl::StrCat("tft::pca: output_dim is ", output_dim, ", the examples have ", n, " elements")));
    }
    return ops::Tensor(x.values().graph(), -1, 0);
  }
  return Analyze(AnalyzerKind::kPca, x, false, NameOr(name, "pca"), {{"components", dtype, Shape{n, output_dim}}},
                 {.output_dim = output_dim, .output_dtype = dtype})[0];
}

TukeyLocationAndScale tukey_parameters(const FeatureTensor& x, bool reduce_instance_dims, absl::string_view name) {
  const DataType dtype = MomentType(x.values().dtype());
  const auto outputs =
      Analyze(AnalyzerKind::kTukeyParameters, x, reduce_instance_dims, NameOr(name, "tukey_parameters"),
              {{"location", dtype}, {"scale", dtype}, {"left", dtype}, {"right", dtype}});
  return {outputs[0], outputs[1], outputs[2], outputs[3]};
}

PerKey count_per_key(const FeatureTensor& key, absl::string_view name) {
  return AnalyzePerKey(AnalyzerKind::kSize, key, key, true, NameOr(name, "count_per_key"),
                       {{"counts", DataType::kInt64}});
}

PerKey min_and_max_per_key(const FeatureTensor& x, const FeatureTensor& key, bool reduce_instance_dims,
                           absl::string_view name) {
  const DataType dtype = x.values().dtype();
  return AnalyzePerKey(AnalyzerKind::kMinAndMax, x, key, reduce_instance_dims, NameOr(name, "min_and_max_per_key"),
                       {{"min", dtype}, {"max", dtype}});
}

PerKey mean_and_var_per_key(const FeatureTensor& x, const FeatureTensor& key, bool reduce_instance_dims,
                            absl::string_view name) {
  const DataType dtype = MomentType(x.values().dtype());
  return AnalyzePerKey(AnalyzerKind::kMeanAndVar, x, key, reduce_instance_dims, NameOr(name, "mean_and_var_per_key"),
                       {{"mean", dtype}, {"var", dtype}});
}

PerKey quantiles_per_key(const FeatureTensor& x, const FeatureTensor& key, int num_buckets,
                         const FeatureTensor& weights, absl::string_view name) {
  // One bucket has no boundary to search.
  if (!CheckPositive(x, "quantiles_per_key: num_buckets - 1", num_buckets - 1)) {
    return {x.values(), ops::TensorList(4, ops::Tensor(x.values().graph(), -1, 0))};
  }
  AnalyzerNode node{.weighted = weights.values().valid(), .num_buckets = num_buckets};
  const std::vector<ops::Tensor> others = node.weighted ? ops::TensorList{weights.values()} : ops::TensorList{};
  return AnalyzePerKey(AnalyzerKind::kQuantiles, x, key, true, NameOr(name, "quantiles_per_key"),
                       {{"boundaries", DataType::kFloat, Shape{-1}},
                        {"scale", DataType::kFloat, Shape{-1}},
                        {"shift", DataType::kFloat, Shape{-1}},
                        {"num_buckets", DataType::kInt64, Shape{}}},
                       node, others);
}

VocabularyFile vocabulary_file(const FeatureTensor& x, const VocabularyOptions& options,
                               const VocabularyWeights& weights, absl::string_view name) {
  AnalyzerNode node{.weighted = weights.weights.valid(), .labeled = weights.labels.valid(), .vocabulary = options};
  std::vector<ops::Tensor> others;
  if (node.weighted) others.push_back(weights.weights);
  if (node.labeled) {
    others.push_back(weights.labels);
    others.push_back(weights.example_labels);
    if (node.weighted) others.push_back(weights.example_weights);
  }
  Trace* trace = Trace::Current();
  if (trace != nullptr && !options.vocab_filename.empty()) {
    for (const AnalyzerNode& other : trace->analyzers) {
      if (other.vocabulary.vocab_filename == options.vocab_filename && other.input().node() != x.values().node()) {
        trace->graph->SetError(absl::InvalidArgumentError(absl::StrCat(
            "tft::vocabulary: two vocabularies have the vocab_filename \"", options.vocab_filename, "\"")));
      }
    }
  }
  std::vector<Output> outputs = {{"vocab_file", DataType::kString}, {"vocab_size", DataType::kInt64}};
  const bool has_values = options.file_format == kTFRecordGzip;
  if (has_values) outputs.push_back({"vocab_values", DataType::kString, Shape{-1}});
  const auto results = Analyze(AnalyzerKind::kVocabulary, x, true, NameOr(name, "vocabulary"), outputs, node, others);
  return {results[0], results[1], has_values ? results[2] : ops::Tensor()};
}

ops::Tensor vocabulary(const FeatureTensor& x, const VocabularyOptions& options, absl::string_view name) {
  return vocabulary_file(x, options, {}, name).path;
}

}  // namespace tfxm::transform

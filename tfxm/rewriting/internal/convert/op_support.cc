// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/convert/op_support.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "re2/re2.h"
#include "tensorflow/core/protobuf/meta_graph.pb.h"
#include "tensorflow/core/protobuf/saved_model.pb.h"
#include "tfxm/data/tensor.h"
#include "tfxm/saved_model/saved_model_files.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tflite::flex {
// Exported by libtensorflow_cc: the kernels that the Select TF runtime holds.
bool IsAllowlistedFlexOp(const std::string& op);
}  // namespace tflite::flex

namespace tfxm::rewriting {
namespace {

// Operators for which the converter has patterns to TFLite's own (LiteRT, tflite/converter/transforms), or that it
// folds.
const std::set<absl::string_view>& Builtins() {
  // clang-format off: one name a line otherwise.
  static const auto* const ops = new std::set<absl::string_view>{
      "Abs", "Add", "AddN", "AddV2", "All", "Any", "ApproxTopK", "ArgMax", "ArgMin", "AssignVariable",
      "AssignVariableOp", "Atan", "Atan2", "AvgPool", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3",
      "BatchNormWithGlobalNormalization", "BatchToSpaceND", "BiasAdd", "Bitcast", "BitwiseAnd", "BitwiseOr",
      "BitwiseXor", "BroadcastArgs", "BroadcastGradientArgs", "BroadcastTo", "Bucketize", "Cast", "Ceil",
      "CheckNumerics", "ClipByValue", "ComplexAbs", "Concat", "ConcatV2", "Const", "Conv2D", "Conv2DBackpropInput",
      "Conv3D", "Conv3DBackpropInputV2", "ConvertTFEinsum", "Cos", "Cosh", "Cumsum", "CumulativeLogsumexp",
      "DepthToSpace", "DepthwiseConv2dNative", "Dequantize", "Div", "DivNoNan", "DynamicStitch", "Einsum", "Elu",
      "EmptyTensorList", "EnsureShape", "Equal", "Erf", "Exp", "ExpandDims", "Expm1", "FakeQuantWithMinMaxArgs",
      "FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel", "Fill", "Floor", "FloorDiv", "FloorMod",
      "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "Gather", "GatherNd", "GatherV2", "Greater",
      "GreaterEqual", "HashTable", "HashTableV2", "Identity", "IdentityN", "If", "Imag", "InitializeTableV2", "Inv",
      "InvertPermutation", "IsFinite", "IsInf", "IsNan", "LRN", "LeakyRelu", "Less", "LessEqual", "LinSpace", "Log",
      "Log1p", "LogSoftmax", "LogicalAnd", "LogicalNot", "LogicalOr", "LookupTableFindV2", "LookupTableImportV2",
      "LookupTableSizeV2", "MatMul", "MatrixBandPart", "MatrixDiag", "MatrixDiagV2", "MatrixDiagV3", "MatrixSetDiag",
      "MatrixSetDiagV2", "MatrixSetDiagV3", "Max", "MaxPool", "MaxPool3D", "Maximum", "Mean", "Min", "Minimum",
      "MirrorPad", "Mul", "MulNoNan", "Multinomial", "Neg", "NonMaxSuppressionV4", "NonMaxSuppressionV5", "NotEqual",
      "OneHot", "Pack", "Pad", "PadV2", "ParallelConcat", "PlaceholderWithDefault", "Pow", "PreventGradient", "Prod",
      "QuantizeAndDequantizeV4", "RFFT", "RFFT2D", "RandomStandardNormal", "RandomUniform", "RandomUniformInt",
      "Range", "Rank", "ReadVariableOp", "Real", "RealDiv", "Reciprocal", "Relu", "Relu6", "Reshape",
      "ResizeBilinear", "ResizeNearestNeighbor", "ReverseSequence", "ReverseV2", "RightShift", "Rint", "Roll",
      "Round", "Rsqrt", "ScatterNd", "SegmentSum", "Select", "SelectV2", "Selu", "Shape", "Sigmoid", "SigmoidGrad",
      "Sign", "Sin", "Sinh", "Size", "Slice", "Softmax", "Softplus", "Softsign", "SpaceToBatchND", "SpaceToDepth",
      "SparseMatMul", "SparseToDense", "Split", "SplitV", "Sqrt", "Square", "SquaredDifference", "Squeeze",
      "StopGradient", "StridedSlice", "Sub", "Sum", "Tan", "Tanh", "TensorListConcatV2", "TensorListElementShape",
      "TensorListFromTensor", "TensorListGetItem", "TensorListLength", "TensorListPopBack", "TensorListPushBack",
      "TensorListReserve", "TensorListResize", "TensorListSetItem", "TensorListStack", "TensorScatterAdd",
      "TensorScatterSub", "TensorScatterUpdate", "Tile", "TopKV2", "Transpose", "Unique", "Unpack", "UnravelIndex",
      "UnsortedSegmentMax", "UnsortedSegmentMin", "UnsortedSegmentProd", "UnsortedSegmentSum", "VarHandleOp",
      "VariableV2", "Where", "While", "Xdivy", "XlaConvV2", "XlaDynamicUpdateSlice", "XlaGather", "XlaSharding",
      "Xlogy", "ZerosLike"};
  // clang-format on
  return *ops;
}

// What holds a graph together and leaves no operator behind.
bool IsStructure(absl::string_view op) {
  // clang-format off: one name a line otherwise.
  static const auto* const ops = new std::set<absl::string_view>{
      "Placeholder", "Const", "NoOp", "Identity", "IdentityN", "PartitionedCall", "StatefulPartitionedCall", "If",
      "While", "Case", "StatelessIf", "StatelessWhile", "StatelessCase", "_Arg", "_Retval", "StopGradient",
      "PreventGradient", "PlaceholderWithDefault", "Assert", "RestoreV2", "SaveV2", "MergeV2Checkpoints",
      "ShardedFilename", "BatchFunction", "DisableCopyOnRead"};
  // clang-format on
  return ops->count(op) > 0;
}

// Families whose members the converter lowers case by case: not judged beforehand.
bool IsLowered(absl::string_view op) {
  return absl::StartsWith(op, "TensorList") || absl::StartsWith(op, "Stateless") || absl::StartsWith(op, "Xla") ||
         absl::StartsWith(op, "Uniform") || absl::StartsWith(op, "Random") || absl::StrContains(op, "Quantize") ||
         absl::StartsWith(op, "Sparse") || absl::StartsWith(op, "LookupTable");
}

using Nodes = google::protobuf::RepeatedPtrField<tensorflow::NodeDef>;

bool HasZero(const tensorflow::TensorProto& axes) {
  const absl::string_view bytes = axes.tensor_content();
  if (bytes.empty()) return std::count(axes.int_val().begin(), axes.int_val().end(), 0) > 0;
  for (size_t i = 0; i + sizeof(int32_t) <= bytes.size(); i += sizeof(int32_t)) {
    if (bytes.substr(i, sizeof(int32_t)) == absl::string_view("\0\0\0\0", sizeof(int32_t))) return true;
  }
  return false;
}

// The scopes of nodes of one graph or function that compute the variance of what is in a batch: means of squared
// differences over the first axis, and FusedBatchNorm in training whose mean is used (Keras 2's LayerNormalization
// uses that operator, and not its mean).
std::map<std::string, const tensorflow::NodeDef*> FindBatchStatistics(const Nodes& nodes) {
  std::map<absl::string_view, const tensorflow::NodeDef*> by_name;
  std::set<std::string> means_used;
  for (const auto& node : nodes) {
    by_name[node.name()] = &node;
    for (const std::string& input : node.input()) {
      const std::vector<absl::string_view> parts = absl::StrSplit(input, ':');
      if (parts.size() > 1 && (parts[1] == "batch_mean" || parts[1] == "1")) means_used.emplace(parts[0]);
    }
  }
  const auto of_input = [&](const tensorflow::NodeDef& node, int i) -> const tensorflow::NodeDef* {
    if (i >= node.input_size()) return nullptr;
    const auto it = by_name.find(node.input(i).substr(0, node.input(i).find(':')));
    return it == by_name.end() ? nullptr : it->second;
  };
  std::map<std::string, const tensorflow::NodeDef*> found;
  for (const auto& node : nodes) {
    const auto attr = [](const tensorflow::NodeDef& of, const char* name) {
      const auto it = of.attr().find(name);
      return it == of.attr().end() ? nullptr : &it->second;
    };
    bool is = false;
    if (node.op() == "Mean") {
      const tensorflow::NodeDef *const of = of_input(node, 0), *const axes = of_input(node, 1);
      is = of != nullptr && of->op() == "SquaredDifference" && axes != nullptr && axes->op() == "Const" &&
           attr(*axes, "value") != nullptr && HasZero(attr(*axes, "value")->tensor());
    } else if (absl::StartsWith(node.op(), "FusedBatchNorm")) {
      const auto* const training = attr(node, "is_training");  // True if it is not said.
      is = (training == nullptr || training->b()) && means_used.count(node.name()) > 0;
    }
    if (!is) continue;
    absl::string_view scope = node.name();
    if (!absl::ConsumeSuffix(&scope, "/moments/variance")) scope = scope.substr(0, scope.rfind('/'));
    found.emplace(scope, &node);
  }
  return found;
}

class Walk {
 public:
  Walk(const tensorflow::MetaGraphDef& graph, OpSupport& support) : graph_(graph), support_(support) {
    for (const auto& function : graph.graph_def().library().function()) {
      functions_[function.signature().name()] = &function;
    }
    for (const auto& node : graph.graph_def().node()) nodes_[node.name()] = &node;
  }

  // A node of the main graph and all it depends on.
  void Reach(std::string name) {
    std::vector<std::string> open{std::move(name)};
    while (!open.empty()) {
      std::string next = open.back();
      open.pop_back();
      next = std::string(absl::StripPrefix(next, "^"));
      next = next.substr(0, next.find(':'));
      if (!seen_.insert(next).second) continue;
      const auto it = nodes_.find(next);
      if (it == nodes_.end()) continue;
      Add(*it->second);
      for (const std::string& input : it->second->input()) open.push_back(input);
    }
  }

  // After what was to be reached.
  void FinishMainGraph() {
    for (const auto& [scope, node] : FindBatchStatistics(graph_.graph_def().node())) {
      if (seen_.count(node->name())) AddNormalized(scope);
    }
  }

 private:
  void Add(const tensorflow::NodeDef& node) {
    for (const auto& [name, attr] : node.attr()) {
      if (attr.has_func()) Enter(attr.func().name());
      for (const auto& function : attr.list().func()) Enter(function.name());
    }
    const std::string& op = node.op();
    if (op == "VarHandleOp") support_.weight_bytes += VariableBytes(node);
    if (functions_.count(op)) Enter(op);  // Called by its name.
    if (functions_.count(op) || IsStructure(op)) return;
    OpNodes& kind = Builtins().count(op) || IsLowered(op)   ? support_.builtin
                    : tflite::flex::IsAllowlistedFlexOp(op) ? support_.select_tf
                                                            : support_.custom;
    kind[op].push_back(node.name());
  }
  static int64_t VariableBytes(const tensorflow::NodeDef& node) {
    const auto shape = node.attr().find("shape"), type = node.attr().find("dtype");
    if (shape == node.attr().end() || type == node.attr().end()) return 0;
    auto bytes = static_cast<int64_t>(DataTypeSize(static_cast<DataType>(type->second.type())));
    for (const auto& dim : shape->second.shape().dim()) bytes *= std::max<int64_t>(dim.size(), 0);
    return bytes;
  }
  void Enter(const std::string& function) {
    const auto it = functions_.find(function);
    if (it == functions_.end() || !entered_.insert(function).second) return;
    for (const auto& node : it->second->node_def()) Add(node);
    for (const auto& [scope, node] : FindBatchStatistics(it->second->node_def())) AddNormalized(scope);
  }
  void AddNormalized(const std::string& scope) {
    std::vector<std::string>& all = support_.normalized_by_batch;
    if (std::find(all.begin(), all.end(), scope) == all.end()) all.push_back(scope);
  }

  const tensorflow::MetaGraphDef& graph_;
  OpSupport& support_;
  std::map<std::string, const tensorflow::FunctionDef*> functions_;
  std::map<std::string, const tensorflow::NodeDef*> nodes_;
  std::set<std::string> seen_, entered_;
};

// Whether the operator belongs to what makes ids of words and numbers: Keras's IntegerLookup, Hashing, TextVectorization.
bool MakesIds(const std::string& op) {
  for (const char* start : {"HashTable", "LookupTable", "StringToHashBucket", "StringSplit", "StringLower",
                            "StaticRegex", "RegexReplace", "UnicodeDecode"}) {
    if (absl::StartsWith(op, start)) return true;
  }
  return false;
}

// The types without TFLite kernels that results of these operators have in the graph that the converter prints:
// "tf.MatMul"(…) … : (tensor<?x8xf16>, …) -> tensor<?x4xf16>
std::set<std::string> OddTypes(absl::string_view diagnostics, const OpNodes& ops,
                               std::map<std::string, std::string>* operands_of) {
  static const re2::RE2& line = *new re2::RE2(R"re("tf\.(\w+)"\([^\n]* : \(([^\n]*) -> ([^\n]*))re", re2::RE2::Latin1);
  std::set<std::string> types;
  std::string op, operands, result;
  while (re2::RE2::FindAndConsume(&diagnostics, line, &op, &operands, &result)) {
    if (!ops.count(op)) continue;
    if (Builtins().count(op)) operands_of->emplace(op, operands);
    for (const auto& [printed, name] : {std::pair("bf16>", "bfloat16"), {"f16>", "float16"}, {"complex<", "complex"}}) {
      if (!absl::StrContains(result, printed) && !absl::StrContains(operands, printed)) continue;
      types.insert(name);
      break;
    }
  }
  return types;
}

// What to do about operators that TFLite does not have, where it is more than to replace them.
std::vector<std::string> AdviceAbout(const OpNodes& missing, absl::string_view diagnostics) {
  std::vector<std::string> advice;
  std::map<std::string, std::string> operands_of;
  const std::set<std::string> types = OddTypes(diagnostics, missing, &operands_of);
  if (types.count("float16") || types.count("bfloat16")) {
    advice.push_back(
        absl::StrCat("They compute in ", absl::StrJoin(types, " and "),
                     " (mixed precision), for which TFLite has no kernels: call "
                     "keras.config.set_dtype_policy(\"float32\"), make the model again, give it the weights, "
                     "new_model.set_weights(model.get_weights()), and export it"));
  } else if (types.count("complex")) {
    advice.emplace_back(
        "They take complex numbers, of which TFLite computes little more than tf.signal.rfft, stft and tf.abs of "
        "them: compute with the real and the imaginary part");
  } else if (!operands_of.empty()) {
    advice.push_back(
        absl::StrCat("The converter has a way for others of that name, not for these types or so many dimensions: ",
                     absl::StrJoin(operands_of, "; ", [](std::string* out, const auto& entry) {
                       absl::StrAppend(out, "tf.", entry.first, "(", entry.second);
                     })));
  }
  const auto any = [&](auto is) {
    return std::any_of(missing.begin(), missing.end(), [&](const auto& entry) { return is(entry.first); });
  };
  if (any([](const std::string& op) { return absl::StrContains(op, "Random"); })) {
    advice.emplace_back(
        "The model draws random numbers, as Keras's augmentation layers (RandomFlip, RandomRotation, …) do when they are "
        "exported with it: export the model without them");
  }
  if (any([](const std::string& op) { return absl::StartsWith(op, "Xla"); })) {
    advice.emplace_back(
        "jax2tf makes them of JAX: jax2tf.convert(…, enable_xla=False, native_serialization=False) makes TensorFlow's own "
        "operations instead");
  }
  if (any(MakesIds)) {
    advice.emplace_back(
        "TFLite makes ids of words by a table of strings and int64 (StringLookup with one out-of-vocabulary index), and "
        "by nothing else: keep the lookup, the hashing or the splitting into words outside of the model, and export "
        "one that takes the ids");
  }
  if (missing.count("ParseExampleV2") || missing.count("ParseExample")) {
    advice.emplace_back(
        "A signature that takes serialized tf.Examples is for servers: for an app, export one that takes the "
        "features themselves (transformed, if the model's are), and choose it with signature_key (--signature)");
  }
  return advice;
}

std::string Describe(const OpNodes& ops) {
  return absl::StrJoin(ops, "; ", [](std::string* out, const auto& entry) {
    std::vector<std::string> nodes = entry.second;
    const size_t all = nodes.size();
    if (all > 3) nodes.resize(3);
    absl::StrAppend(out, "tf.", entry.first, " (", all == 1 ? "node " : "nodes ", absl::StrJoin(nodes, ", "),
                    all > 3 ? absl::StrCat(" and ", all - 3, " more") : "", ")");
  });
}

}  // namespace

absl::StatusOr<OpSupport> FindOpSupport(absl::string_view saved_model_dir, absl::string_view signature) {
  tensorflow::SavedModel saved_model;
  RETURN_IF_ERROR(io::ReadBinaryProto(io::JoinPath(saved_model_dir, kSavedModelFile), &saved_model));
  OpSupport support;
  for (const auto& graph : saved_model.meta_graphs()) {
    const auto it = graph.signature_def().find(std::string(signature));
    if (it == graph.signature_def().end()) continue;
    for (const auto& [name, input] : it->second.inputs()) {
      if (input.tensor_shape().unknown_rank()) support.unknown_rank.push_back(name);
    }
    std::sort(support.unknown_rank.begin(), support.unknown_rank.end());
    Walk walk(graph, support);
    for (const auto& [name, output] : it->second.outputs()) walk.Reach(output.name());
    walk.FinishMainGraph();
    break;
  }
  return support;
}

bool HasTrainedRanges(const OpSupport& support) {
  return support.builtin.count("FakeQuantWithMinMaxVars") > 0 || support.builtin.count("FakeQuantWithMinMaxArgs") > 0;
}

bool KeepsState(const OpSupport& support) {
  for (const OpNodes* ops : {&support.builtin, &support.select_tf, &support.custom}) {
    for (const auto& [op, nodes] : *ops) {
      if (absl::StartsWith(op, "Assign") && absl::EndsWith(op, "VariableOp")) return true;
    }
  }
  return false;
}

std::vector<std::string> NotesAbout(const OpSupport& support) {
  std::vector<std::string> notes;
  for (const std::string& input : support.unknown_rank) {
    notes.push_back(
        absl::StrCat("input \"", input,
                     "\": the SavedModel does not say how many dimensions it has, and the file takes a single "
                     "number: export the model with a shape of it, as tf.TensorSpec([None, 4], tf.float32)"));
  }
  std::vector<std::string> layers = support.normalized_by_batch;
  const size_t all = layers.size();
  if (all == 0) return notes;
  if (all > 3) layers.resize(3);
  notes.push_back(absl::StrCat(
      "the SavedModel normalizes a batch by the batch's own mean and variance (", absl::StrJoin(layers, ", "),
      all > 3 ? absl::StrCat(" and ", all - 3, " more") : "",
      "), as in training: what an example gets depends on the others in its batch, and alone it is hardly what the model "
      "was trained for. Keras 3 exports so what comes behind Resizing, CenterCrop and other layers that prepare "
      "pictures. For inference: keras.Model(model.input, model(model.input, training=False)).export(DIR)"));
  return notes;
}

std::string RenderOpSupport(const OpSupport& support) {
  std::string out;
  if (!support.select_tf.empty()) {
    absl::StrAppend(&out, "May need the Select TF runtime: ", Describe(support.select_tf), "\n");
  }
  if (!support.custom.empty()) {
    absl::StrAppend(&out, "Known neither to TFLite nor to its Select TF runtime: ", Describe(support.custom), "\n");
  }
  return out;
}

std::string RenderOpSupport(const OpSupport& support, const std::map<std::string, litert::OpUse>& ops) {
  OpNodes select_tf, custom;
  for (const OpNodes* known : {&support.select_tf, &support.custom}) {
    for (const auto& entry : *known) {
      if (ops.count(absl::StrCat("Flex", entry.first)) > 0) select_tf.insert(entry);
      const auto it = ops.find(entry.first);
      if (it != ops.end() && it->second.kind == litert::OpKind::kCustom) custom.insert(entry);
    }
  }
  std::string out;
  if (!select_tf.empty()) absl::StrAppend(&out, "Needs the Select TF runtime: ", Describe(select_tf), "\n");
  if (!custom.empty()) absl::StrAppend(&out, "Needs kernels that the app registers: ", Describe(custom), "\n");
  return out;
}

std::string ExplainDiagnostics(absl::string_view diagnostics, bool allow_select_tf_ops) {
  // error: loc(callsite(fused["OP:", "NODE@FUNCTION"] at callsite(fused["CALL:", "NODE@FUNCTION"] at …)): 'tf.OP' op
  // WHAT
  static const re2::RE2& error =
      *new re2::RE2(R"re(error:[^\n]*?fused\["\w+:", "([^"@]+)([^\n]*?)'tf\.(\w+)' op ([^\n]*))re", re2::RE2::Latin1);
  // A node that is called from a layer's function has the layer in the call's name.
  static const re2::RE2& call = *new re2::RE2(R"re(fused\["\w+:", "([^"@]*/)[^"@/]+@)re", re2::RE2::Latin1);
  OpNodes missing, other;
  std::set<std::string> reasons;
  absl::string_view rest = diagnostics;
  std::string node, callers, op, reason;
  while (re2::RE2::FindAndConsume(&rest, error, &node, &callers, &op, &reason)) {
    std::string layer;
    if (!absl::StrContains(node, "/") && re2::RE2::PartialMatch(callers, call, &layer)) node.insert(0, layer);
    const bool absent = absl::StrContains(reason, "neither a custom op nor a flex op");
    std::vector<std::string>& nodes = (absent ? missing : other)[op];
    if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
    if (!absent) reasons.insert(reason);
  }
  std::vector<std::string> parts;
  if (!missing.empty()) {
    bool selectable = !allow_select_tf_ops;
    for (const auto& [op, nodes] : missing) selectable = selectable && tflite::flex::IsAllowlistedFlexOp(op);
    parts.push_back(absl::StrCat(
        "TFLite has no operator for ", Describe(missing), "; ",
        selectable ? "set allow_select_tf_ops (--allow_select_tf_ops) if the app has the Select TF runtime"
                   : "replace them, or set allow_custom_ops (--allow_custom_ops) and give the app their kernels"));
    for (std::string& advice : AdviceAbout(missing, diagnostics)) parts.push_back(std::move(advice));
  }
  if (!other.empty()) {
    parts.push_back(absl::StrCat(Describe(other), ": ", absl::StrJoin(reasons, "; ")));
    if (absl::StrContains(diagnostics, "requires element_dtype to be")) {
      parts.push_back(
          "a loop over strings (tf.map_fn, say) cannot become TFLite operators: process the text in the app, and "
          "export a signature that takes the numbers that come of it");
    } else if (absl::StrContains(diagnostics, "TensorListReserve")) {
      parts.push_back(
          "a recurrent layer of unknown batch size cannot become TFLite operators: export it with a batch of 1, "
          "model.export(dir, input_signature=[tf.TensorSpec((1, …), name=…)]) with the input's own shape and name, or "
          "unroll it, or set allow_select_tf_ops (--allow_select_tf_ops)");
    }
  }
  if (parts.empty() && absl::StrContains(diagnostics, "'tfl.fully_connected' op operand #0") &&
      absl::StrContains(diagnostics, "xi8>'")) {
    parts.emplace_back(
        "TFLite has no product of integers without scales: a model that Keras has quantized (model.quantize(\"int8\")) cannot be "
        "converted; export the model as it was before, and quantize it here (--quantization=int8 or dynamic_range)");
  }
  if (parts.empty()) return absl::StrCat("the converter says: ", diagnostics);
  const size_t line = diagnostics.find('\n');
  return absl::StrCat(absl::StrJoin(parts, ". "),
                      ". The converter says: ", diagnostics.substr(0, std::min<size_t>(line, 600)));
}

}  // namespace tfxm::rewriting

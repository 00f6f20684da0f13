// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/convert/op_support.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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

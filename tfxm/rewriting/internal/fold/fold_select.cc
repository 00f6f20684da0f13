// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/fold/fold_select.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/rewriting/internal/convert/drop_unused.h"
#include "tfxm/rewriting/internal/convert/model_edit.h"

namespace tfxm::rewriting {
namespace {

using schema::BuiltinOperator;

class SelectFolder {
 public:
  SelectFolder(schema::ModelT& model, schema::SubGraphT& graph) : model_(model), graph_(graph) {
    for (const auto& op : graph_.operators) {
      for (const int t : op->outputs) producer_[t] = op.get();
    }
  }

  // Whether anything was folded.
  bool Run() {
    bool any = false;
    for (auto& op : graph_.operators) {
      const BuiltinOperator kind = KindOf(*op);
      if (kind != schema::BuiltinOperator_SELECT && kind != schema::BuiltinOperator_SELECT_V2) continue;
      const std::optional<double> condition = Everywhere(op->inputs[0], /*depth=*/0);
      if (!condition) continue;
      const int result = op->outputs[0], chosen = op->inputs[*condition != 0 ? 1 : 2];
      if (!Replaces(chosen, result)) continue;
      Replace(result, chosen);
      dead_.insert(op.get());
      any = true;
    }
    if (any) DropDead();
    return any;
  }

 private:
  BuiltinOperator KindOf(const schema::OperatorT& op) const {
    return litert::KindOf(*model_.operator_codes[op.opcode_index]);
  }
  const schema::TensorT& tensor(int t) const { return *graph_.tensors[t]; }

  // The one value that all elements of a tensor have, if that is known. Not of what is quantized.
  std::optional<double> Everywhere(int t, int depth) const {
    constexpr int kDeepest = 16;
    if (t < 0 || depth > kDeepest) return std::nullopt;
    if (tensor(t).quantization != nullptr && !tensor(t).quantization->scale.empty()) return std::nullopt;
    const auto it = producer_.find(t);
    if (it == producer_.end()) return Constant(t);
    const schema::OperatorT& op = *it->second;
    const auto input = [&](size_t i) { return Everywhere(op.inputs[i], depth + 1); };
    const auto both = [&](auto function) -> std::optional<double> {
      const std::optional<double> x = input(0), y = input(1);
      if (!x || !y) return std::nullopt;
      return static_cast<double>(function(*x, *y));
    };
    switch (KindOf(op)) {
      case schema::BuiltinOperator_ZEROS_LIKE: return 0;
      case schema::BuiltinOperator_CAST: return Cast(input(0), tensor(t).type);
      case schema::BuiltinOperator_RESHAPE:
      case schema::BuiltinOperator_BROADCAST_TO: return input(0);
      case schema::BuiltinOperator_ADD: return Sum(op, input(0), input(1));
      case schema::BuiltinOperator_LOGICAL_NOT: {
        const std::optional<double> x = input(0);
        return x ? std::optional<double>(*x == 0) : std::nullopt;
      }
      case schema::BuiltinOperator_LOGICAL_AND: return both([](double x, double y) { return x != 0 && y != 0; });
      case schema::BuiltinOperator_LOGICAL_OR: return both([](double x, double y) { return x != 0 || y != 0; });
      case schema::BuiltinOperator_LESS: return both([](double x, double y) { return x < y; });
      case schema::BuiltinOperator_LESS_EQUAL: return both([](double x, double y) { return x <= y; });
      case schema::BuiltinOperator_GREATER: return both([](double x, double y) { return x > y; });
      case schema::BuiltinOperator_GREATER_EQUAL: return both([](double x, double y) { return x >= y; });
      case schema::BuiltinOperator_EQUAL: return both([](double x, double y) { return x == y; });
      case schema::BuiltinOperator_NOT_EQUAL: return both([](double x, double y) { return x != y; });
      default: return std::nullopt;
    }
  }

  // 0 and a value: nothing is rounded.
  static std::optional<double> Sum(const schema::OperatorT& op, std::optional<double> x, std::optional<double> y) {
    const auto* options = op.builtin_options.AsAddOptions();
    const bool activates =
        options != nullptr && options->fused_activation_function != schema::ActivationFunctionType_NONE;
    if (!x || !y || activates || (*x != 0 && *y != 0)) return std::nullopt;
    return *x + *y;
  }

  static std::optional<double> Cast(std::optional<double> x, schema::TensorType type) {
    if (type == schema::TensorType_BOOL) return x ? std::optional<double>(*x != 0) : std::nullopt;
    // Of 0 and 1 nothing is lost in any other type.
    return x && (*x == 0 || *x == 1) ? x : std::nullopt;
  }

  std::optional<double> Constant(int t) const {
    const std::vector<uint8_t>& data = model_.buffers[tensor(t).buffer]->data;
    switch (tensor(t).type) {
      case schema::TensorType_FLOAT32: return AllEqual<float>(data);
      case schema::TensorType_INT32: return AllEqual<int32_t>(data);
      case schema::TensorType_BOOL: return AllEqual<uint8_t>(data);
      default: return std::nullopt;
    }
  }
  template <typename T>
  static std::optional<double> AllEqual(const std::vector<uint8_t>& data) {
    if (data.empty() || data.size() % sizeof(T) != 0) return std::nullopt;
    std::vector<T> values(data.size() / sizeof(T));
    std::memcpy(values.data(), data.data(), data.size());
    const bool same = std::all_of(values.begin(), values.end(), [&](T value) { return value == values[0]; });
    return same ? std::optional<double>(values[0]) : std::nullopt;
  }

  // Whether a tensor can stand for a result: it is computed, and of the same type and shape, so that nothing is
  // broadcast. A result of the graph keeps its name.
  bool Replaces(int chosen, int result) const {
    const schema::TensorT &from = tensor(chosen), &to = tensor(result);
    if (!producer_.count(chosen) || dead_.count(producer_.at(chosen))) return false;
    if (std::count(graph_.outputs.begin(), graph_.outputs.end(), result) > 0) return false;
    const auto signature = [](const schema::TensorT& t) {
      return t.shape_signature.empty() ? t.shape : t.shape_signature;
    };
    return from.type == to.type && from.shape == to.shape && signature(from) == signature(to) &&
           (from.quantization == nullptr || from.quantization->scale.empty()) &&
           (to.quantization == nullptr || to.quantization->scale.empty());
  }

  void Replace(int result, int chosen) {
    for (auto& op : graph_.operators) std::replace(op->inputs.begin(), op->inputs.end(), result, chosen);
  }

  // Folded operators, and those whose results only they read. What has a state or makes no result stays.
  void DropDead() {
    std::set<int> read(graph_.outputs.begin(), graph_.outputs.end());
    std::vector<std::unique_ptr<schema::OperatorT>> kept;
    std::vector<std::unique_ptr<schema::OperatorT>> operators = std::move(graph_.operators);
    graph_.operators.clear();
    for (auto op = operators.rbegin(); op != operators.rend(); ++op) {
      const bool used =
          std::any_of((*op)->outputs.begin(), (*op)->outputs.end(), [&](int t) { return read.count(t) > 0; });
      if (dead_.count(op->get()) || (!used && IsPure(**op))) continue;
      read.insert((*op)->inputs.begin(), (*op)->inputs.end());
      kept.push_back(std::move(*op));
    }
    std::reverse(kept.begin(), kept.end());
    graph_.operators = std::move(kept);
  }

  // Elementwise and without effects: what stands around a choice.
  bool IsPure(const schema::OperatorT& op) const {
    switch (KindOf(op)) {
      case schema::BuiltinOperator_ZEROS_LIKE:
      case schema::BuiltinOperator_CAST:
      case schema::BuiltinOperator_RESHAPE:
      case schema::BuiltinOperator_BROADCAST_TO:
      case schema::BuiltinOperator_ADD:
      case schema::BuiltinOperator_SUB:
      case schema::BuiltinOperator_MUL:
      case schema::BuiltinOperator_DIV:
      case schema::BuiltinOperator_LOGISTIC:
      case schema::BuiltinOperator_SQRT:
      case schema::BuiltinOperator_RSQRT:
      case schema::BuiltinOperator_LOGICAL_NOT:
      case schema::BuiltinOperator_LOGICAL_AND:
      case schema::BuiltinOperator_LOGICAL_OR:
      case schema::BuiltinOperator_LESS:
      case schema::BuiltinOperator_LESS_EQUAL:
      case schema::BuiltinOperator_GREATER:
      case schema::BuiltinOperator_GREATER_EQUAL:
      case schema::BuiltinOperator_EQUAL:
      case schema::BuiltinOperator_NOT_EQUAL: return true;
      default: return false;
    }
  }

  schema::ModelT& model_;
  schema::SubGraphT& graph_;
  std::map<int, const schema::OperatorT*> producer_;
  std::set<const schema::OperatorT*> dead_;
};

}  // namespace

std::string FoldSelects(std::string bytes) {
  const schema::Model& packed = *schema::GetModel(bytes.data());
  const auto codes = litert::Each(packed.operator_codes());
  const auto selects = [](const auto* code) {
    const BuiltinOperator kind = litert::KindOf(*code);
    return kind == schema::BuiltinOperator_SELECT || kind == schema::BuiltinOperator_SELECT_V2;
  };
  if (std::none_of(codes.begin(), codes.end(), selects) || HasOutsideBuffers(bytes)) return bytes;
  std::unique_ptr<schema::ModelT> model = litert::UnpackModel(packed);
  bool any = false;
  for (auto& graph : model->subgraphs) any = SelectFolder(*model, *graph).Run() || any;
  if (!any) return bytes;
  DropUnused(*model);
  return litert::PackModel(*model, bytes.size());
}

}  // namespace tfxm::rewriting

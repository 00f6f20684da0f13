// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/convert/lookups.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/rewriting/internal/convert/model_edit.h"

namespace tfxm::rewriting {
namespace {

using Sizes = std::vector<int32_t>;  // -1: any.

bool IsElementwise(schema::BuiltinOperator kind) {
  static const auto* const kinds =
      new std::set<schema::BuiltinOperator>{schema::BuiltinOperator_ABS,         schema::BuiltinOperator_ADD,
                                            schema::BuiltinOperator_CAST,        schema::BuiltinOperator_EQUAL,
                                            schema::BuiltinOperator_FLOOR_DIV,   schema::BuiltinOperator_FLOOR_MOD,
                                            schema::BuiltinOperator_GREATER,     schema::BuiltinOperator_GREATER_EQUAL,
                                            schema::BuiltinOperator_LESS,        schema::BuiltinOperator_LESS_EQUAL,
                                            schema::BuiltinOperator_LOGICAL_AND, schema::BuiltinOperator_LOGICAL_NOT,
                                            schema::BuiltinOperator_LOGICAL_OR,  schema::BuiltinOperator_MAXIMUM,
                                            schema::BuiltinOperator_MINIMUM,     schema::BuiltinOperator_MUL,
                                            schema::BuiltinOperator_NEG,         schema::BuiltinOperator_NOT_EQUAL,
                                            schema::BuiltinOperator_SELECT_V2,   schema::BuiltinOperator_SUB};
  return kinds->count(kind) > 0;
}

std::optional<Sizes> SizesOf(const schema::TensorT& tensor) {
  if (!tensor.has_rank && tensor.shape.empty()) return std::nullopt;
  return tensor.shape_signature.empty() ? tensor.shape : tensor.shape_signature;
}

Sizes Broadcast(const Sizes& a, const Sizes& b) {
  const Sizes &more = a.size() < b.size() ? b : a, &fewer = a.size() < b.size() ? a : b;
  Sizes sizes = more;
  for (size_t i = 0; i < fewer.size(); ++i) {
    int32_t& size = sizes[sizes.size() - 1 - i];
    const int32_t other = fewer[fewer.size() - 1 - i];
    // Any beside a number other than 1 is that number, or 1.
    if (size == 1 || (size < 0 && other > 1)) size = other;
  }
  return sizes;
}

class Graph {
 public:
  Graph(const schema::ModelT& model, schema::SubGraphT& graph) : model_(model), graph_(graph) {}

  void Run() {
    for (const auto& op : graph_.operators) {
      if (op->outputs.size() != 1) continue;
      schema::TensorT& output = *graph_.tensors[op->outputs[0]];
      if (SizesOf(output)) continue;
      const std::optional<Sizes> sizes = OutputOf(*op);
      if (!sizes) continue;
      output.has_rank = true;
      output.shape = *sizes;
      std::replace(output.shape.begin(), output.shape.end(), -1, 1);
      output.shape_signature = output.shape == *sizes ? Sizes() : *sizes;
    }
  }

 private:
  std::optional<Sizes> Input(const schema::OperatorT& op, size_t i) const {
    if (i >= op.inputs.size() || op.inputs[i] < 0) return std::nullopt;
    return SizesOf(*graph_.tensors[op.inputs[i]]);
  }

  std::optional<Sizes> OutputOf(const schema::OperatorT& op) const {
    const schema::OperatorCodeT& code = *model_.operator_codes[op.opcode_index];
    const auto kind = std::max(code.builtin_code, static_cast<schema::BuiltinOperator>(code.deprecated_builtin_code));
    if (kind == schema::BuiltinOperator_HASHTABLE_FIND) return Input(op, 1);
    if (kind == schema::BuiltinOperator_GATHER) {
      const auto* options = op.builtin_options.AsGatherOptions();
      const std::optional<Sizes> from = Input(op, 0), indices = Input(op, 1);
      if (!from || !indices || from->empty() || options == nullptr || options->axis != 0 || options->batch_dims != 0) {
        return std::nullopt;
      }
      Sizes sizes = *indices;
      sizes.insert(sizes.end(), from->begin() + 1, from->end());
      return sizes;
    }
    if (!IsElementwise(kind)) return std::nullopt;
    Sizes sizes;
    for (size_t i = 0; i < op.inputs.size(); ++i) {
      const std::optional<Sizes> input = Input(op, i);
      if (!input) return std::nullopt;
      sizes = Broadcast(sizes, *input);
    }
    return sizes;
  }

  const schema::ModelT& model_;
  schema::SubGraphT& graph_;
};

// The tables that an operator of this kind has as its first input.
std::set<int> TablesOf(const schema::Model& model, schema::BuiltinOperator kind) {
  std::set<int> tables;
  for (const auto* graph : litert::Each(model.subgraphs())) {
    std::map<int, int> table_of;  // By tensor.
    for (const auto* op : litert::Each(graph->operators())) {
      if (const auto* options = op->builtin_options_as_HashtableOptions()) {
        table_of[op->outputs()->Get(0)] = options->table_id();
      } else if (litert::KindOf(*model.operator_codes()->Get(op->opcode_index())) == kind) {
        if (const auto it = table_of.find(op->inputs()->Get(0)); it != table_of.end()) tables.insert(it->second);
      }
    }
  }
  return tables;
}

}  // namespace

absl::Status CheckTables(const schema::Model& model) {
  const std::set<int> filled = TablesOf(model, schema::BuiltinOperator_HASHTABLE_IMPORT);
  for (const int table : TablesOf(model, schema::BuiltinOperator_HASHTABLE_FIND)) {
    if (filled.count(table) > 0) continue;
    return absl::FailedPreconditionError(
        "the signature looks something up in a table that a file fills in a way that TensorFlow's converter does not take "
        "along (columns of a file, say): fill the table from lists in the model, or do the lookup in the app and export a "
        "signature that takes the ids");
  }
  return absl::OkStatus();
}

std::string ShapeLookups(std::string bytes) {
  const schema::Model& packed = *schema::GetModel(bytes.data());
  const auto codes = litert::Each(packed.operator_codes());
  if (std::none_of(codes.begin(), codes.end(),
                   [](const auto* code) { return litert::KindOf(*code) == schema::BuiltinOperator_HASHTABLE_FIND; }) ||
      HasOutsideBuffers(bytes)) {
    return bytes;
  }
  const std::unique_ptr<schema::ModelT> model = litert::UnpackModel(packed);
  for (auto& graph : model->subgraphs) Graph(*model, *graph).Run();
  return litert::PackModel(*model, bytes.size());
}

}  // namespace tfxm::rewriting

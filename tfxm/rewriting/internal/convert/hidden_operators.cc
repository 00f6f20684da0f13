// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/convert/hidden_operators.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/rewriting/internal/convert/drop_unused.h"

namespace tfxm::rewriting {
namespace {

constexpr char kName[] = "tfxm_in_float_";

// Operators of one scale for operands and results.
bool HasOneScale(schema::BuiltinOperator kind) {
  switch (kind) {
    case schema::BuiltinOperator_BROADCAST_TO:
    case schema::BuiltinOperator_CONCATENATION:
    case schema::BuiltinOperator_MAXIMUM:
    case schema::BuiltinOperator_MINIMUM:
    case schema::BuiltinOperator_PADV2:
    case schema::BuiltinOperator_REDUCE_MAX:
    case schema::BuiltinOperator_REDUCE_MIN:
    case schema::BuiltinOperator_SELECT:
    case schema::BuiltinOperator_SELECT_V2: return true;
    default: return false;
  }
}

}  // namespace

struct HiddenOperators::Hidden {
  schema::BuiltinOperator kind;
  int version;
  schema::BuiltinOptionsUnion options;
};

HiddenOperators::HiddenOperators() = default;
HiddenOperators::~HiddenOperators() = default;

std::string HiddenOperators::Hide(absl::string_view bytes, const std::set<std::string>& results) {
  if (results.empty()) return std::string(bytes);
  const std::unique_ptr<schema::ModelT> model = litert::UnpackModel(*schema::GetModel(bytes.data()));
  for (const auto& graph : model->subgraphs) {
    for (const auto& op : graph->operators) {
      const schema::OperatorCodeT& code = *model->operator_codes[op->opcode_index];
      const schema::BuiltinOperator kind = litert::KindOf(code);
      const bool is_named = std::any_of(op->outputs.begin(), op->outputs.end(),
                                        [&](int t) { return t >= 0 && results.count(graph->tensors[t]->name) > 0; });
      if (!is_named || !HasOneScale(kind)) continue;
      hidden_.push_back({kind, code.version, op->builtin_options});
      op->builtin_options.Reset();
      op->opcode_index =
          litert::AddOperatorCode(*model, schema::BuiltinOperator_CUSTOM, absl::StrCat(kName, hidden_.size() - 1));
    }
  }
  if (hidden_.empty()) return std::string(bytes);
  DropUnused(*model);
  return litert::PackModel(*model, bytes.size());
}

std::string HiddenOperators::Show(absl::string_view bytes) const {
  if (hidden_.empty()) return std::string(bytes);
  const std::unique_ptr<schema::ModelT> model = litert::UnpackModel(*schema::GetModel(bytes.data()));
  for (const auto& graph : model->subgraphs) {
    for (const auto& op : graph->operators) {
      absl::string_view name = model->operator_codes[op->opcode_index]->custom_code;
      size_t i = 0;
      if (!absl::ConsumePrefix(&name, kName) || !absl::SimpleAtoi(name, &i) || i >= hidden_.size()) continue;
      const Hidden& hidden = hidden_[i];
      auto& codes = model->operator_codes;
      const auto same = std::find_if(codes.begin(), codes.end(), [&](const auto& code) {
        return litert::KindOf(*code) == hidden.kind && code->version == hidden.version;
      });
      op->opcode_index = same != codes.end() ? static_cast<int>(same - codes.begin())
                                             : litert::AddOperatorCode(*model, hidden.kind, "", hidden.version);
      op->builtin_options = hidden.options;
      op->custom_options.clear();
    }
  }
  DropUnused(*model);
  return litert::PackModel(*model, bytes.size());
}

}  // namespace tfxm::rewriting

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/internal/hidden_fields.h"

#include <cstring>

#include "tfxm/litert/internal/schema_util.h"

namespace tfxm::litert {
namespace {

// Calls `flag` with each variable tensor and `vector` with each vector that is to be hidden.
template <typename Flag, typename Vector>
void ForEachField(const schema::Model& model, const Flag& flag, const Vector& vector) {
  for (const auto* graph : Each(model.subgraphs())) {
    for (const auto* tensor : Each(graph->tensors())) {
      if (tensor->is_variable()) flag(*tensor);
      if (Size(tensor->variant_tensors()) > 0) vector(*tensor->variant_tensors());
    }
    for (const auto* op : Each(graph->operators())) {
      if (Size(op->intermediates()) > 0) vector(*op->intermediates());
      if (Size(op->mutating_variable_inputs()) > 0) vector(*op->mutating_variable_inputs());
    }
  }
}

}  // namespace

bool HiddenFields::Has(const schema::Model& model) {
  bool found = false;
  ForEachField(model, [&](const auto&) { found = true; }, [&](const auto&) { found = true; });
  return found;
}

bool HasVariables(const schema::Model& model) {
  bool found = false;
  ForEachField(model, [&](const auto&) { found = true; }, [](const auto&) {});
  return found;
}

HiddenFields::HiddenFields(char* flatbuffer) {
  ForEachField(
      *schema::GetModel(flatbuffer),
      [&](const schema::Tensor& tensor) {
        const auto& table = reinterpret_cast<const flatbuffers::Table&>(tensor);
        flags_.push_back(const_cast<uint8_t*>(table.GetAddressOf(schema::Tensor::VT_IS_VARIABLE)));
      },
      [&](const auto& vector) {
        uint8_t* length = const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(&vector));
        lengths_.emplace_back(length, vector.size());
      });
  const uint32_t none = 0;
  for (uint8_t* flag : flags_) *flag = 0;
  for (const auto& [place, length] : lengths_) std::memcpy(place, &none, sizeof(none));
}

HiddenFields::~HiddenFields() {
  for (uint8_t* flag : flags_) *flag = 1;
  for (const auto& [place, length] : lengths_) std::memcpy(place, &length, sizeof(length));
}

}  // namespace tfxm::litert

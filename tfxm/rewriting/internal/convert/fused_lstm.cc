// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/convert/fused_lstm.h"

#include <algorithm>
#include <memory>

#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/rewriting/internal/convert/model_edit.h"

namespace tfxm::rewriting {

std::string UnclipLstms(std::string bytes) {
  const schema::Model& packed = *schema::GetModel(bytes.data());
  const auto codes = litert::Each(packed.operator_codes());
  if (std::none_of(codes.begin(), codes.end(),
                   [](const auto* code) {
                     return litert::KindOf(*code) == schema::BuiltinOperator_UNIDIRECTIONAL_SEQUENCE_LSTM;
                   }) ||
      HasOutsideBuffers(bytes)) {
    return bytes;
  }
  std::unique_ptr<schema::ModelT> model(packed.UnPack());
  for (auto& graph : model->subgraphs) {
    for (auto& op : graph->operators) {
      if (auto* options = op->builtin_options.AsUnidirectionalSequenceLSTMOptions()) options->cell_clip = 0;
    }
  }
  return litert::PackModel(*model, bytes.size());
}

}  // namespace tfxm::rewriting

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/convert/fused_lstm.h"

#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "tensorflow/core/protobuf/meta_graph.pb.h"
#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/rewriting/internal/convert/model_edit.h"

namespace tfxm::rewriting {

bool HasFusableLstm(const tensorflow::MetaGraphDef& meta_graph) {
  // Sequence, two states, kernel, recurrent kernel, bias; a mask would be the seventh.
  constexpr int kWithoutMask = 6;
  for (const tensorflow::FunctionDef& function : meta_graph.graph_def().library().function()) {
    const auto implements = function.attr().find("api_implements");
    if (implements != function.attr().end() && absl::StartsWith(implements->second.s(), "lstm_") &&
        function.signature().input_arg_size() == kWithoutMask) {
      return true;
    }
  }
  return false;
}

bool HasLstms(const std::string& bytes) {
  const auto codes = litert::Each(schema::GetModel(bytes.data())->operator_codes());
  return std::any_of(codes.begin(), codes.end(), [](const auto* code) {
    return litert::KindOf(*code) == schema::BuiltinOperator_UNIDIRECTIONAL_SEQUENCE_LSTM;
  });
}

std::string UnclipLstms(std::string bytes) {
  if (!HasLstms(bytes) || HasOutsideBuffers(bytes)) return bytes;
  std::unique_ptr<schema::ModelT> model = litert::UnpackModel(*schema::GetModel(bytes.data()));
  for (auto& graph : model->subgraphs) {
    for (auto& op : graph->operators) {
      if (auto* options = op->builtin_options.AsUnidirectionalSequenceLSTMOptions()) options->cell_clip = 0;
    }
  }
  return litert::PackModel(*model, bytes.size());
}

}  // namespace tfxm::rewriting

// SPDX-License-Identifier: Apache-2.0

// Writes a SavedModel as TensorFlow 2 does: signatures as functions over an object graph, variables in a checkpoint.
//
//   SavedModelBuilder builder;
//   builder.AddSignature("serving_default", {{"image_floats", x}}, {{"output_0", y}});
//   builder.AddVariable("dense/kernel", kernel_value);     // what VarHandle(graph, "dense/kernel", …) stands for
//   RETURN_IF_ERROR(builder.Write(dir));
//
// What it writes is read by tf.saved_model.load (`.signatures`, `.variables`), tf.keras.layers.TFSMLayer, TensorFlow
// Serving, the TFLite converter (saved_model_version 1 and 2) and SavedModel::Load. The checkpoint's keys are
// NAME/.ATTRIBUTES/VARIABLE_VALUE.
//
// Lookup tables come along with their initializers and the files these read, which become assets: an operation of
// the graph that initializes a table (InitializeTableFromTextFileV2, LookupTableImportV2, …) is found by the table's
// handle.
//
// The same calls give byte-identical files. The graphs must live until Write returns. Not thread safe.
#ifndef TFXM_SAVED_MODEL_SAVED_MODEL_BUILDER_H_
#define TFXM_SAVED_MODEL_SAVED_MODEL_BUILDER_H_

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"
#include "tfxm/ops/graph.h"
#include "tfxm/ops/string_ops.h"

namespace tfxm {

using NamedTensors = std::map<std::string, ops::Tensor>;

class SavedModelBuilder {
 public:
  // `inputs` are placeholders of one graph, by the names that callers feed; `outputs` follow from them, from variables,
  // tables and constants. Names are unique within the model ("serving_default" is what serving and TFLite use first).
  void AddSignature(absl::string_view name, NamedTensors inputs, NamedTensors outputs);

  // A function of one dictionary, dense, sparse or ragged, that is an attribute of the loaded object and no signature:
  // loaded.NAME. TensorFlow Transform's `transform_fn` is one.
  using Value = std::variant<ops::Tensor, ops::SparseTensor, ops::RaggedTensor>;
  void AddFunction(absl::string_view name, std::map<std::string, Value> inputs, std::map<std::string, Value> outputs);

  // The value of a variable that the graphs refer to by this shared name. Variables that no signature needs are kept
  // too.
  void AddVariable(absl::string_view name, tfxm::Tensor value, bool trainable = true);

  // Writes saved_model.pb, variables/, assets/ and fingerprint.pb into `dir`, made if need be. INVALID_ARGUMENT says
  // which signature uses what variable without a value, or another type or shape than its value's, or a placeholder
  // that is not among its inputs.
  absl::Status Write(absl::string_view dir) const;

  struct Function {
    std::string name;
    bool is_signature = true;
    std::map<std::string, Value> inputs, outputs;
  };
  struct Variable {
    tfxm::Tensor value;
    bool trainable = true;
  };

 private:
  std::vector<Function> functions_;
  std::map<std::string, Variable> variables_;
};

}  // namespace tfxm

#endif  // TFXM_SAVED_MODEL_SAVED_MODEL_BUILDER_H_

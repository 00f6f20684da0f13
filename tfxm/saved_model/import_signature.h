// SPDX-License-Identifier: Apache-2.0

// A SavedModel's signature as part of another graph: how a serving signature applies the transform graph before the
// model.
//
//   ASSIGN_OR_RETURN(ImportedSignature transform,
//                    ImportSignature(graph, dir, "serving_default", {{"image_floats", raw}}, "transform"));
//   ops::Tensor y = model(transform.outputs.at("image_floats_xf"));
//   for (auto& [name, value] : transform.variables) builder.AddVariable(name, value);
#ifndef TFXM_SAVED_MODEL_IMPORT_SIGNATURE_H_
#define TFXM_SAVED_MODEL_IMPORT_SIGNATURE_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"
#include "tfxm/ops/graph.h"

namespace tfxm {

struct ImportedSignature {
  std::map<std::string, ops::Tensor> outputs;
  // The variables it reads, by the shared names they have in the graph now ("NAME/dense/kernel").
  std::map<std::string, tfxm::Tensor> variables;
};

// Copies what computes `signature` into `graph`, its nodes and variables below `name`, with `inputs` (by the
// signature's names) in the place of its placeholders. An input may be missing if what follows from it is not needed:
// then the outputs that depend on it are left out. Tables come with their initializers. INVALID_ARGUMENT names an input
// of the wrong type or one that the signature does not have.
absl::StatusOr<ImportedSignature> ImportSignature(ops::Graph& graph, absl::string_view dir, absl::string_view signature,
                                                  const std::map<std::string, ops::Tensor>& inputs,
                                                  absl::string_view name);

}  // namespace tfxm

#endif  // TFXM_SAVED_MODEL_IMPORT_SIGNATURE_H_

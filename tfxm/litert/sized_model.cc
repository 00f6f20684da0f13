// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/sized_model.h"

#include <string>
#include <vector>

#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/observe.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::litert {

absl::StatusOr<std::shared_ptr<const ModelFile>> AtInputShapes(const std::shared_ptr<const ModelFile>& file,
                                                               absl::string_view signature, const InputShapes& shapes) {
  CompiledModelOptions options;
  options.signature = std::string(signature);
  ASSIGN_OR_RETURN(auto observed, ObservedModel::Create(file, options, [](const ObservedTensor&) { return true; }));
  CompiledModel& model = observed->model();
  RETURN_IF_ERROR(CheckInputShapes(shapes, model.inputs()));
  for (int i = 0; i < static_cast<int>(model.inputs().size()); ++i) {
    const TensorSpec& spec = model.inputs()[i];
    Shape shape = WithInputShape(spec, shapes).shape;
    if (const auto given = shapes.find(spec.name); given != shapes.end() && shape[0] < 0) shape[0] = given->second[0];
    for (int64_t& size : shape) size = size < 0 ? 1 : size;
    RETURN_IF_ERROR(model.ResizeInput(i, shape));
    if (spec.dtype == DataType::kString) {
      RETURN_IF_ERROR(model.SetStrings(i, std::vector<std::string>(NumElements(shape))));
    }
  }
  std::unique_ptr<schema::ModelT> sized = UnpackModel(file->model());
  RETURN_IF_ERROR(observed->Run([&](int k, const Shape& shape, std::span<const float>) {
    const ObservedTensor& tensor = observed->tensors()[k];
    schema::TensorT& out = *sized->subgraphs[tensor.subgraph]->tensors[tensor.tensor];
    out.shape.assign(shape.begin(), shape.end());
    out.shape_signature.clear();
  }));
  return ModelFile::Pack(*sized, file->name());
}

absl::StatusOr<Inspection> InspectAt(const std::shared_ptr<const ModelFile>& file, absl::string_view signature,
                                     const InputShapes& shapes) {
  ASSIGN_OR_RETURN(const auto sized, AtInputShapes(file, signature, shapes));
  Inspection out = Inspect(*file);
  const Inspection at = Inspect(*sized);
  out.arena_bytes = at.arena_bytes;
  out.multiply_adds = at.multiply_adds;
  return out;
}

}  // namespace tfxm::litert

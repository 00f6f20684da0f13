// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/feed.h"

#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/data/feature_tensor.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::rewriting {

absl::Status Feed(litert::CompiledModel& model, const Sample& sample) {
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    const TensorSpec& spec = model.inputs()[i];
    const auto it = sample.find(spec.name);
    if (it == sample.end()) {
      return absl::InvalidArgumentError(absl::StrCat("\"", spec.name, "\", an input of the model, is missing"));
    }
    const bool quantize = it->second.dtype() == DataType::kFloat && model.input_quantization(i).scale != 0;
    if (it->second.dtype() != spec.dtype && !quantize) {
      return absl::InvalidArgumentError(absl::StrCat("\"", spec.name, "\" is ", DataTypeName(it->second.dtype()),
                                                     ", the model wants ", DataTypeName(spec.dtype)));
    }
  }
  std::vector<Shape> shapes;
  for (const TensorSpec& spec : model.inputs()) shapes.push_back(sample.at(spec.name).shape());
  RETURN_IF_ERROR(model.ResizeInputs(shapes));
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    const TensorSpec& spec = model.inputs()[i];
    const Tensor& tensor = sample.at(spec.name);
    const litert::Quantization& q = model.input_quantization(i);
    if (spec.dtype == DataType::kString) {
      RETURN_IF_ERROR(model.SetStrings(i, tensor.strings()));
    } else if (tensor.dtype() == spec.dtype) {
      if (!tensor.bytes().empty()) std::memcpy(model.input(i).data(), tensor.bytes().data(), tensor.bytes().size());
    } else if (!data::ConvertNumbers(tensor, spec.dtype, q.scale, q.zero_point, model.input(i)).ok()) {
      return absl::UnimplementedError(
          absl::StrCat("input \"", spec.name, "\" is quantized as ", DataTypeName(spec.dtype)));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Tensor> ReadOutput(const litert::CompiledModel& model, int i) {
  Tensor out(model.outputs()[i].dtype, model.output_shape(i));
  if (out.dtype() == DataType::kString) {
    out.strings() = model.Strings(i);
  } else if (model.output(i).size() != out.bytes().size()) {
    return absl::InternalError(absl::StrCat("output \"", model.outputs()[i].name, "\" has ", model.output(i).size(),
                                            " bytes, its shape is ", ShapeString(out.shape())));
  } else if (!out.bytes().empty()) {
    std::memcpy(out.bytes().data(), model.output(i).data(), out.bytes().size());
  }
  return out;
}

}  // namespace tfxm::rewriting

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/feed.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::rewriting {
namespace {

template <typename T>
void QuantizeInto(std::span<const float> from, std::span<char> bytes, const litert::Quantization& q) {
  T* to = reinterpret_cast<T*>(bytes.data());
  for (size_t i = 0; i < from.size(); ++i) {
    const double v = std::nearbyint(from[i] / q.scale) + q.zero_point;
    to[i] = static_cast<T>(std::clamp<double>(v, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  }
}

}  // namespace

absl::Status Feed(litert::CompiledModel& model, const Sample& sample) {
  // Batch sizes go together, so that no intermediate state has two of them.
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
  if (!model.inputs().empty()) {
    const Shape& shape = sample.at(model.inputs()[0].name).shape();
    if (!shape.empty()) RETURN_IF_ERROR(model.ResizeBatch(shape[0]));
  }
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    RETURN_IF_ERROR(model.ResizeInput(i, sample.at(model.inputs()[i].name).shape()));
  }
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    const TensorSpec& spec = model.inputs()[i];
    const Tensor& tensor = sample.at(spec.name);
    const litert::Quantization& q = model.input_quantization(i);
    if (spec.dtype == DataType::kString) {
      RETURN_IF_ERROR(model.SetStrings(i, tensor.strings()));
    } else if (tensor.dtype() == spec.dtype) {
      if (!tensor.bytes().empty()) std::memcpy(model.input(i).data(), tensor.bytes().data(), tensor.bytes().size());
    } else if (spec.dtype == DataType::kInt8) {
      QuantizeInto<int8_t>(tensor.values<float>(), model.input(i), q);
    } else if (spec.dtype == DataType::kUint8) {
      QuantizeInto<uint8_t>(tensor.values<float>(), model.input(i), q);
    } else if (spec.dtype == DataType::kInt16) {
      QuantizeInto<int16_t>(tensor.values<float>(), model.input(i), q);
    }
  }
  return absl::OkStatus();
}

}  // namespace tfxm::rewriting

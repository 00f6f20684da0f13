// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/flatbuffer.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/verify.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::litert {
namespace {

Quantization QuantizationOf(const schema::Tensor& tensor) {
  const auto* q = tensor.quantization();
  if (q == nullptr || q->scale() == nullptr || q->scale()->size() != 1) return {};
  const int64_t zero_point = q->zero_point() && q->zero_point()->size() == 1 ? q->zero_point()->Get(0) : 0;
  return {q->scale()->Get(0), static_cast<int>(zero_point)};
}

// `side` and `place` name a tensor that has no name: "input_0".
SignatureTensor MakeTensor(const schema::SubGraph& graph, int index, absl::string_view name, absl::string_view side,
                           int place) {
  const schema::Tensor& tensor = *graph.tensors()->Get(index);
  SignatureTensor out;
  out.spec.name = name.empty() && tensor.name() ? tensor.name()->str() : std::string(name);
  if (out.spec.name.empty()) out.spec.name = absl::StrCat(side, "_", place);
  out.spec.dtype = DataTypeOf(tensor.type());
  out.spec.shape = ShapeOf(tensor);
  out.tensor = index;
  out.quantization = QuantizationOf(tensor);
  return out;
}

using TensorMaps = flatbuffers::Vector<flatbuffers::Offset<schema::TensorMap>>;

// The signature's names in the order of the subgraph's inputs or outputs; a tensor listed twice takes its names in
// turn.
std::vector<SignatureTensor> MakeTensors(const schema::SubGraph& graph, const flatbuffers::Vector<int32_t>* indices,
                                         const TensorMaps* names, absl::string_view side) {
  std::vector<SignatureTensor> out;
  const int num_names = names == nullptr ? 0 : names->size();
  std::vector<bool> used(num_names, false);
  for (int i = 0; indices != nullptr && i < static_cast<int>(indices->size()); ++i) {
    const int index = indices->Get(i);
    int match = -1;
    for (int k = 0; k < num_names; ++k) {
      if (static_cast<int>(names->Get(k)->tensor_index()) != index) continue;
      if (match < 0 || (used[match] && !used[k])) match = k;
    }
    if (match >= 0) used[match] = true;
    out.push_back(MakeTensor(graph, index, match < 0 ? "" : names->Get(match)->name()->str(), side, i));
  }
  return out;
}

std::vector<SignatureInfo> MakeSignatures(const schema::Model& model) {
  std::vector<SignatureInfo> out;
  if (model.signature_defs() == nullptr || model.signature_defs()->size() == 0) {
    const schema::SubGraph& graph = *model.subgraphs()->Get(0);
    SignatureInfo info;
    info.inputs = MakeTensors(graph, graph.inputs(), nullptr, "input");
    info.outputs = MakeTensors(graph, graph.outputs(), nullptr, "output");
    out.push_back(std::move(info));
    return out;
  }
  for (const auto* def : *model.signature_defs()) {
    const schema::SubGraph& graph = *model.subgraphs()->Get(def->subgraph_index());
    SignatureInfo info;
    info.name = def->signature_key()->str();
    info.subgraph = def->subgraph_index();
    info.inputs = MakeTensors(graph, graph.inputs(), def->inputs(), "input");
    info.outputs = MakeTensors(graph, graph.outputs(), def->outputs(), "output");
    out.push_back(std::move(info));
  }
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ModelFile>> ModelFile::Read(absl::string_view path) {
  ASSIGN_OR_RETURN(std::string bytes, io::ReadFile(path));
  return FromBytes(std::move(bytes), path);
}

absl::StatusOr<std::shared_ptr<const ModelFile>> ModelFile::FromBytes(std::string bytes, absl::string_view name) {
  RETURN_IF_ERROR(Annotate(VerifyModel(bytes), name));
  std::shared_ptr<ModelFile> file(new ModelFile);
  file->name_ = std::string(name);
  file->bytes_ = std::move(bytes);
  file->model_ = schema::GetModel(file->bytes_.data());
  file->signatures_ = MakeSignatures(*file->model_);
  return std::shared_ptr<const ModelFile>(std::move(file));
}

absl::StatusOr<std::shared_ptr<const ModelFile>> ModelFile::Pack(const schema::ModelT& model, absl::string_view name) {
  return FromBytes(PackModel(model), name);
}

absl::StatusOr<std::shared_ptr<const ModelFile>> ModelFile::Derived(const std::string& key, const Make& make) const {
  const std::lock_guard<std::mutex> lock(derived_mutex_);
  std::shared_ptr<const ModelFile>& file = derived_[key];
  if (file == nullptr) {
    ASSIGN_OR_RETURN(file, make());
  }
  return file;
}

absl::StatusOr<const SignatureInfo*> ModelFile::FindSignature(absl::string_view name) const {
  for (const SignatureInfo& signature : signatures_) {
    if (signature.name == (name.empty() ? "serving_default" : name)) return &signature;
  }
  if (name.empty()) return &signatures_[0];
  const std::string names = absl::StrJoin(
      signatures_, ", ", [](std::string* out, const SignatureInfo& s) { absl::StrAppend(out, "\"", s.name, "\""); });
  return absl::NotFoundError(
      absl::StrCat(name_, ": no signature \"", name, "\"; the model has ", names == "\"\"" ? "none" : names));
}

DataType DataTypeOf(int tensor_type) {
  switch (tensor_type) {
    case schema::TensorType_FLOAT32: return DataType::kFloat;
    case schema::TensorType_FLOAT16: return DataType::kHalf;
    case schema::TensorType_FLOAT64: return DataType::kDouble;
    case schema::TensorType_INT32: return DataType::kInt32;
    case schema::TensorType_UINT8: return DataType::kUint8;
    case schema::TensorType_INT64: return DataType::kInt64;
    case schema::TensorType_STRING: return DataType::kString;
    case schema::TensorType_BOOL: return DataType::kBool;
    case schema::TensorType_INT16: return DataType::kInt16;
    case schema::TensorType_INT8: return DataType::kInt8;
    case schema::TensorType_UINT64: return DataType::kUint64;
    case schema::TensorType_UINT32: return DataType::kUint32;
    case schema::TensorType_UINT16: return DataType::kUint16;
    default: return DataType::kInvalid;
  }
}

int BitsOf(int tensor_type) {
  switch (tensor_type) {
    case schema::TensorType_INT4:
    case schema::TensorType_UINT4: return 4;
    case schema::TensorType_INT2: return 2;
    case schema::TensorType_BFLOAT16: return 16;
    case schema::TensorType_FLOAT8_E4M3FN:
    case schema::TensorType_FLOAT8_E5M2: return 8;
    case schema::TensorType_COMPLEX64: return 64;
    case schema::TensorType_COMPLEX128: return 128;
    default: return 8 * static_cast<int>(DataTypeSize(DataTypeOf(tensor_type)));
  }
}

absl::string_view TensorTypeName(int tensor_type) {
  const char* name = schema::EnumNameTensorType(static_cast<schema::TensorType>(tensor_type));
  return *name == 0 ? "unknown type" : name;
}

Shape ShapeOf(const schema::Tensor& tensor) {
  Shape shape;
  const auto* signature = tensor.shape_signature();
  const auto* dims = signature != nullptr && signature->size() > 0 ? signature : tensor.shape();
  for (int i = 0; dims != nullptr && i < static_cast<int>(dims->size()); ++i) shape.push_back(dims->Get(i));
  return shape;
}

}  // namespace tfxm::litert

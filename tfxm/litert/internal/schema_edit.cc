// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/internal/schema_edit.h"

namespace tfxm::litert {

std::unique_ptr<schema::ModelT> UnpackModel(const schema::Model& model) {
  return std::unique_ptr<schema::ModelT>(model.UnPack());
}

std::string PackModel(const schema::ModelT& model, size_t size) {
  flatbuffers::FlatBufferBuilder builder(size + (1 << 16));
  schema::FinishModelBuffer(builder, schema::Model::Pack(builder, &model));
  return std::string(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
}

}  // namespace tfxm::litert

// SPDX-License-Identifier: Apache-2.0

// A TFLite file in memory, verified: whatever is in the file, what this returns can be walked and handed to the
// runtime.
//
//   ASSIGN_OR_RETURN(std::shared_ptr<const ModelFile> file, litert::ModelFile::Read(path));
//   for (const SignatureInfo& signature : file->signatures()) …
//   file->model();   // the FlatBuffers view, with "tflite_generated.h" (namespace tfxm::schema)
//
// Immutable, so usable from any thread.
#ifndef TFXM_LITERT_FLATBUFFER_H_
#define TFXM_LITERT_FLATBUFFER_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"

namespace tfxm::schema {
struct Model;
struct ModelT;
struct Tensor;
}  // namespace tfxm::schema

namespace tfxm::litert {

// Scale and zero point of a tensor that is quantized as a whole; scale 0 if it is not quantized.
struct Quantization {
  float scale = 0;
  int zero_point = 0;
};

// One input or output of a signature. The shape has -1 for a dynamic dimension.
struct SignatureTensor {
  TensorSpec spec;
  int tensor = 0;  // Index into the subgraph's tensors.
  Quantization quantization;
};

// A signature as the runtime sees it: inputs in the subgraph's order, then outputs likewise. A model without signatures
// has one without a name, of its first subgraph, whose inputs and outputs have the tensors' names; those that have none
// are "input_0", "input_1", …, "output_0", … by their place.
struct SignatureInfo {
  std::string name;
  int subgraph = 0;
  std::vector<SignatureTensor> inputs;
  std::vector<SignatureTensor> outputs;
};

class ModelFile {
 public:
  // INVALID_ARGUMENT names the file and what is wrong: not a TFLite file, truncated, or inconsistent (an index out of
  // range, a weight whose size does not fit its shape, a signature that names no tensor).
  static absl::StatusOr<std::shared_ptr<const ModelFile>> Read(absl::string_view path);
  // `name` stands for the file in messages.
  static absl::StatusOr<std::shared_ptr<const ModelFile>> FromBytes(std::string bytes, absl::string_view name);
  // An unpacked model (tflite_generated.h) as a file.
  static absl::StatusOr<std::shared_ptr<const ModelFile>> Pack(const schema::ModelT& model, absl::string_view name);

  const std::string& name() const { return name_; }
  const std::string& bytes() const { return bytes_; }
  const schema::Model& model() const { return *model_; }
  const std::vector<SignatureInfo>& signatures() const { return signatures_; }
  // Empty: "serving_default" if there is one, else the first. NOT_FOUND lists those there are.
  absl::StatusOr<const SignatureInfo*> FindSignature(absl::string_view name) const;

  // Something made of this file, made once however many threads ask for it and kept as long as the file. `key` says
  // what it is.
  using Make = std::function<absl::StatusOr<std::shared_ptr<const ModelFile>>()>;
  absl::StatusOr<std::shared_ptr<const ModelFile>> Derived(const std::string& key, const Make& make) const;

 private:
  ModelFile() = default;
  std::string name_;
  std::string bytes_;
  const schema::Model* model_ = nullptr;
  std::vector<SignatureInfo> signatures_;
  mutable std::mutex derived_mutex_;
  mutable std::map<std::string, std::shared_ptr<const ModelFile>> derived_;
};

// Of a schema::TensorType; kInvalid for those that no Tensor holds (int4, complex, resource, …).
DataType DataTypeOf(int tensor_type);
// Bits of one value of a schema::TensorType; 0 if it has no fixed size.
int BitsOf(int tensor_type);
// "FLOAT32", "INT4", …
absl::string_view TensorTypeName(int tensor_type);
// Dimensions of a tensor, -1 where dynamic.
Shape ShapeOf(const schema::Tensor& tensor);

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_FLATBUFFER_H_

// SPDX-License-Identifier: Apache-2.0

// The memory of one input or output of a compiled model, as LiteRT wants it: aligned, with room behind it that XNNPACK
// may read, and with guard bytes on both sides, so that a runtime that writes outside of it is found out.
//
//   TensorMemory memory(DataType::kFloat);
//   RETURN_IF_ERROR(memory.SetShape({32, 10}, "model.tflite: output \"y\""));
//   ... hand memory.handle() to LiteRT, run ...
//   if (!memory.GuardsIntact()) ...
//
// Used by CompiledModel; not for use elsewhere. One thread at a time.
#ifndef TFXM_LITERT_INTERNAL_TENSOR_MEMORY_H_
#define TFXM_LITERT_INTERNAL_TENSOR_MEMORY_H_

#include <cstddef>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "tfxm/data/tensor.h"
#include "tfxm/litert/internal/litert_api.h"

namespace tfxm::litert {

// LiteRtElementType (TfLiteType) of a type that can be fed and read; 0 for others.
int ElementTypeOf(DataType dtype);

class TensorMemory {
 public:
  explicit TensorMemory(DataType dtype) : dtype_(dtype) {}
  ~TensorMemory();
  TensorMemory(const TensorMemory&) = delete;
  TensorMemory& operator=(const TensorMemory&) = delete;

  DataType dtype() const { return dtype_; }
  bool is_string() const { return dtype_ == DataType::kString; }
  const Shape& shape() const { return shape_; }
  std::span<char> bytes() { return {data_, size_}; }
  LiteRtTensorBuffer handle() const { return handle_; }

  // Room for a tensor of this shape; for strings as much as there was, at least 64 KB. What it held is lost if it
  // grows; it never shrinks, so that going back and forth between batch sizes allocates nothing. UNIMPLEMENTED: LiteRT
  // takes no buffer of this shape, which has no elements. `where` names the tensor in messages.
  absl::Status SetShape(const Shape& shape, const std::string& where);
  // The same with a size of its own, for strings.
  absl::Status SetShapeAndSize(const Shape& shape, size_t size, const std::string& where);
  // Only the shape, as the runtime reports it of strings.
  void NoteShape(Shape shape) { shape_ = std::move(shape); }

  // False if somebody has written next to the memory.
  bool GuardsIntact() const;

  // Fills the memory with a pattern, and tells whether it is still there, all of it: the runtime has written nothing.
  void MarkUnwritten();
  bool IsUnwritten() const;

 private:
  const DataType dtype_;
  Shape shape_;
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  LiteRtTensorBuffer handle_ = nullptr;
};

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_INTERNAL_TENSOR_MEMORY_H_

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/internal/tensor_memory.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace tfxm::litert {
namespace {

// What the runtime demands of memory it is given.
constexpr size_t kAlignment = 64;
// Before and behind the tensor. XNNPACK may read, not write, up to 16 bytes behind a tensor's end.
constexpr size_t kGuard = 128;
static_assert(kGuard % kAlignment == 0);
constexpr size_t kStringBytes = 1 << 16;

constexpr char kGuardByte = static_cast<char>(0xa5);
constexpr std::array<char, kGuard> kGuardBytes = [] {
  std::array<char, kGuard> bytes{};
  bytes.fill(kGuardByte);
  return bytes;
}();

}  // namespace

int ElementTypeOf(DataType dtype) {
  switch (dtype) {
    case DataType::kFloat: return 1;
    case DataType::kInt32: return 2;
    case DataType::kUint8: return 3;
    case DataType::kInt64: return 4;
    case DataType::kString: return 5;
    case DataType::kBool: return 6;
    case DataType::kInt16: return 7;
    case DataType::kInt8: return 9;
    case DataType::kHalf: return 10;
    case DataType::kDouble: return 11;
    case DataType::kUint64: return 13;
    case DataType::kUint32: return 16;
    case DataType::kUint16: return 17;
    default: return 0;
  }
}

TensorMemory::~TensorMemory() {
  if (handle_) LiteRtDestroyTensorBuffer(handle_);
  if (data_) std::free(data_ - kGuard);
}

absl::Status TensorMemory::SetShape(const Shape& shape, const std::string& where) {
  if (handle_ != nullptr && shape == shape_) return absl::OkStatus();
  return SetShapeAndSize(shape, is_string() ? std::max(size_, kStringBytes) : NumElements(shape) * DataTypeSize(dtype_),
                         where);
}

absl::Status TensorMemory::SetShapeAndSize(const Shape& shape, size_t size, const std::string& where) {
  if (size > capacity_ || data_ == nullptr) {
    const size_t allocate = (kGuard + size + kGuard + kAlignment - 1) / kAlignment * kAlignment;
    char* memory = static_cast<char*>(std::aligned_alloc(kAlignment, allocate));
    if (memory == nullptr) return absl::ResourceExhaustedError(absl::StrCat(where, ": no memory for ", size, " bytes"));
    if (data_) std::free(data_ - kGuard);
    data_ = memory + kGuard;
    capacity_ = size;
    std::memset(data_, 0, size);
    std::memcpy(memory, kGuardBytes.data(), kGuard);
  }
  size_ = size;
  std::memcpy(data_ + size_, kGuardBytes.data(), kGuard);
  LiteRtRankedTensorType type = {};
  type.element_type = ElementTypeOf(dtype_);
  type.layout.rank = shape.size();
  for (size_t i = 0; i < shape.size(); ++i) type.layout.dimensions[i] = static_cast<int32_t>(shape[i]);
  if (handle_) LiteRtDestroyTensorBuffer(handle_);
  handle_ = nullptr;
  // An empty tensor still needs an address.
  if (LiteRtCreateTensorBufferFromHostMemory(&type, data_, std::max<size_t>(size, 1), nullptr, &handle_) != 0) {
    const std::string message = absl::StrCat(where, ": LiteRT does not take a buffer of shape ", ShapeString(shape));
    return NumElements(shape) == 0 ? absl::UnimplementedError(message) : absl::InternalError(message);
  }
  shape_ = shape;
  return absl::OkStatus();
}

bool TensorMemory::GuardsIntact() const {
  return data_ == nullptr || (std::memcmp(data_ - kGuard, kGuardBytes.data(), kGuard) == 0 &&
                              std::memcmp(data_ + size_, kGuardBytes.data(), kGuard) == 0);
}

void TensorMemory::MarkUnwritten() {
  if (size_ > 0) std::memset(data_, kGuardByte, size_);
}

bool TensorMemory::IsUnwritten() const {
  return size_ > 0 && data_[0] == kGuardByte && std::memcmp(data_, data_ + 1, size_ - 1) == 0;
}

}  // namespace tfxm::litert

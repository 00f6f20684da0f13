// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/internal/string_tensor.h"

#include <cstdint>
#include <cstring>

namespace tfxm::litert {

std::string PackStrings(std::span<const std::string> values) {
  std::vector<int32_t> head{static_cast<int32_t>(values.size())};
  int32_t offset = static_cast<int32_t>((values.size() + 2) * sizeof(int32_t));
  for (const std::string& value : values) {
    head.push_back(offset);
    offset += static_cast<int32_t>(value.size());
  }
  head.push_back(offset);
  std::string out(reinterpret_cast<const char*>(head.data()), head.size() * sizeof(int32_t));
  for (const std::string& value : values) out += value;
  return out;
}

std::vector<std::string> UnpackStrings(std::span<const char> bytes) {
  std::vector<std::string> out;
  auto number = [&](size_t k) {
    int32_t value = 0;
    if ((k + 1) * sizeof(value) <= bytes.size()) std::memcpy(&value, bytes.data() + k * sizeof(value), sizeof(value));
    return value;
  };
  const int32_t n = number(0);
  for (int32_t i = 0; i < n; ++i) {
    const int32_t begin = number(i + 1), end = number(i + 2);
    if (begin < 0 || end < begin || static_cast<size_t>(end) > bytes.size()) break;
    out.emplace_back(bytes.data() + begin, end - begin);
  }
  return out;
}

}  // namespace tfxm::litert

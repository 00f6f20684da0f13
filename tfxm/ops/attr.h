// SPDX-License-Identifier: Apache-2.0

// The value of an attribute of an operation. Its type is settled by the operation's definition, so a C++ literal is
// enough:
//
//   ops::Op("Sum", {x, axes}, {{"keep_dims", true}});
//   ops::Op(graph, "Placeholder", {}, {{"dtype", DataType::kFloat}, {"shape", Shape{-1, 784}}});
#ifndef TFXM_OPS_ATTR_H_
#define TFXM_OPS_ATTR_H_

#include <concepts>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"

namespace tfxm::ops {

// Types that only occur between operations.
inline constexpr DataType kResource = static_cast<DataType>(20);
inline constexpr DataType kVariant = static_cast<DataType>(21);

class Attr {
 public:
  using Value = std::variant<bool, int64_t, double, std::string, DataType, std::vector<int64_t>, std::vector<double>,
                             std::vector<std::string>, std::vector<DataType>, std::vector<Shape>, tfxm::Tensor>;

  Attr(bool value) : value_(value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Attr(T value) : value_(static_cast<int64_t>(value)) {}
  template <std::floating_point T>
  Attr(T value) : value_(static_cast<double>(value)) {}
  // A string, or the name of a function.
  Attr(const char* value) : value_(std::string(value)) {}
  Attr(std::string value) : value_(std::move(value)) {}
  Attr(absl::string_view value) : value_(std::string(value)) {}
  Attr(DataType value) : value_(value) {}
  // A shape (-1: unknown dimension) or a list of integers.
  Attr(std::vector<int64_t> value) : value_(std::move(value)) {}
  Attr(std::vector<double> value) : value_(std::move(value)) {}
  Attr(std::vector<std::string> value) : value_(std::move(value)) {}
  Attr(std::vector<DataType> value) : value_(std::move(value)) {}
  Attr(std::vector<Shape> value) : value_(std::move(value)) {}
  Attr(tfxm::Tensor value) : value_(std::move(value)) {}

  const Value& value() const { return value_; }

 private:
  Value value_;
};

using Attrs = std::vector<std::pair<std::string, Attr>>;

}  // namespace tfxm::ops

#endif  // TFXM_OPS_ATTR_H_

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/ops/internal/attr_value.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tensorflow/core/framework/tensor.pb.h"
#include "tensorflow/core/framework/tensor_shape.pb.h"
#include "tfxm/ops/internal/graph_access.h"

namespace tfxm::ops::internal {
namespace {

namespace tf = ::tensorflow;

void SetShape(const Shape& shape, tf::TensorShapeProto* proto) {
  for (const int64_t dim : shape) proto->add_dim()->set_size(dim);
}

template <typename T>
const T* As(const Attr& attr) {
  return std::get_if<T>(&attr.value());
}

// What a value stands for when no definition says so.
absl::string_view NaturalType(const Attr& attr) {
  static constexpr absl::string_view kTypes[] = {"bool",       "int",         "float",       "string",
                                                 "type",       "list(int)",   "list(float)", "list(string)",
                                                 "list(type)", "list(shape)", "tensor"};
  return kTypes[attr.value().index()];
}

}  // namespace

absl::StatusOr<tf::AttrValue> ToAttrValue(const Attr& attr, absl::string_view type) {
  if (type.empty()) type = NaturalType(attr);
  tf::AttrValue value;
  const auto* integer = As<int64_t>(attr);
  const auto* real = As<double>(attr);
  const auto* text = As<std::string>(attr);
  const auto* ints = As<std::vector<int64_t>>(attr);
  const auto* reals = As<std::vector<double>>(attr);
  if (type == "bool" && As<bool>(attr)) {
    value.set_b(*As<bool>(attr));
  } else if (type == "int" && integer) {
    value.set_i(*integer);
  } else if (type == "float" && (integer || real)) {
    value.set_f(static_cast<float>(integer ? static_cast<double>(*integer) : *real));
  } else if (type == "string" && text) {
    value.set_s(*text);
  } else if (type == "func" && text) {
    value.mutable_func()->set_name(*text);
  } else if (type == "type" && As<DataType>(attr)) {
    value.set_type(static_cast<tf::DataType>(*As<DataType>(attr)));
  } else if (type == "shape" && ints) {
    SetShape(*ints, value.mutable_shape());
  } else if (type == "tensor" && As<tfxm::Tensor>(attr)) {
    auto tensor = ToTf(*As<tfxm::Tensor>(attr));
    if (!tensor.ok()) return tensor.status();
    if (tensor->dtype() == tf::DT_STRING || tensor->NumElements() <= 1) {
      tensor->AsProtoField(value.mutable_tensor());
    } else {
      tensor->AsProtoTensorContent(value.mutable_tensor());
    }
  } else if (type == "list(int)" && ints) {
    value.mutable_list();
    for (const int64_t i : *ints) value.mutable_list()->add_i(i);
  } else if (type == "list(float)" && (reals || ints)) {
    value.mutable_list();
    if (reals) {
      for (const double f : *reals) value.mutable_list()->add_f(static_cast<float>(f));
    } else {
      for (const int64_t f : *ints) value.mutable_list()->add_f(static_cast<float>(f));
    }
  } else if (type == "list(string)" && As<std::vector<std::string>>(attr)) {
    value.mutable_list();
    for (const std::string& s : *As<std::vector<std::string>>(attr)) value.mutable_list()->add_s(s);
  } else if (type == "list(type)" && As<std::vector<DataType>>(attr)) {
    value.mutable_list();
    for (const DataType t : *As<std::vector<DataType>>(attr))
      value.mutable_list()->add_type(static_cast<tf::DataType>(t));
  } else if (type == "list(shape)" && As<std::vector<Shape>>(attr)) {
    value.mutable_list();
    for (const Shape& shape : *As<std::vector<Shape>>(attr)) SetShape(shape, value.mutable_list()->add_shape());
  } else if (absl::StartsWith(type, "list(") && ((ints && ints->empty()) || (reals && reals->empty()))) {
    value.mutable_list();
  } else {
    return absl::InvalidArgumentError(absl::StrCat("expected ", type, ", got ", NaturalType(attr)));
  }
  return value;
}

}  // namespace tfxm::ops::internal

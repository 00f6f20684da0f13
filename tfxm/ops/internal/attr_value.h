// SPDX-License-Identifier: Apache-2.0

// An ops::Attr as TensorFlow's AttrValue.
#ifndef TFXM_OPS_INTERNAL_ATTR_VALUE_H_
#define TFXM_OPS_INTERNAL_ATTR_VALUE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow/core/framework/attr_value.pb.h"
#include "tfxm/ops/attr.h"

namespace tfxm::ops::internal {

// `type` as OpDef spells it: "int", "shape", "list(type)", "func", …; empty: what the value looks like.
// INVALID_ARGUMENT says which type was expected.
absl::StatusOr<tensorflow::AttrValue> ToAttrValue(const Attr& attr, absl::string_view type);

}  // namespace tfxm::ops::internal

#endif  // TFXM_OPS_INTERNAL_ATTR_VALUE_H_

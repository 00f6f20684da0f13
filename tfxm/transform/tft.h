// SPDX-License-Identifier: Apache-2.0

// What a preprocessing_fn is written with: TensorFlow Transform's functions (analyzers.h, mappers.h) and TensorFlow's
// (ops.h).
//
//   #include "tfxm/transform/tft.h"
//   using namespace tfxm;
//
//   absl::StatusOr<tft::TensorMap> preprocessing_fn(const tft::TensorMap& inputs) {
//     tft::TensorMap outputs;
//     outputs["fare_xf"] = tft::scale_to_z_score(inputs["fare"]);
//     outputs["log_miles"] = ops::Log1p(inputs["trip_miles"]);
//     return outputs;
//   }
#ifndef TFXM_TRANSFORM_TFT_H_
#define TFXM_TRANSFORM_TFT_H_

#include "absl/status/statusor.h"
#include "tfxm/ops/ops.h"
#include "tfxm/transform/analyzers.h"
#include "tfxm/transform/mappers.h"
#include "tfxm/transform/tensor_map.h"

namespace tfxm {
namespace tft = transform;

// What a Transform component calls: features of the raw data to features of the transformed data. It is called once,
// with symbolic tensors; errors of the graph it builds need not be checked. Outputs are of type float32, int64 or
// string.
using PreprocessingFn = absl::StatusOr<transform::TensorMap>(const transform::TensorMap& inputs);

}  // namespace tfxm

// What a module file defines. Declared here, so that another return type is a compile error.
absl::StatusOr<tfxm::transform::TensorMap> preprocessing_fn(const tfxm::transform::TensorMap& inputs);

#endif  // TFXM_TRANSFORM_TFT_H_

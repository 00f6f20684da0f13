// SPDX-License-Identifier: Apache-2.0

// A model that takes inputs of any size, as it is for one size: what it costs then can be told.
//
//   ASSIGN_OR_RETURN(auto sized, litert::AtInputShapes(file, "", {{"image", {1, 224, 224, 3}}}));
//   std::cout << litert::Inspect(*sized).multiply_adds;
#ifndef TFXM_LITERT_SIZED_MODEL_H_
#define TFXM_LITERT_SIZED_MODEL_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/input_shape.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/litert/inspect.h"

namespace tfxm::litert {

// The same model, whose activations of floats and quantized numbers have the shapes in the file that they have in a run
// on zeros of these shapes. Inputs that are not named, and sizes that are -1, are 1. INVALID_ARGUMENT: a name that is
// not an input of the signature (empty: as FindSignature), or sizes that the model cannot work on.
absl::StatusOr<std::shared_ptr<const ModelFile>> AtInputShapes(const std::shared_ptr<const ModelFile>& file,
                                                               absl::string_view signature, const InputShapes& shapes);

// Inspect, with arena and multiply-adds for inputs of these shapes.
absl::StatusOr<Inspection> InspectAt(const std::shared_ptr<const ModelFile>& file, absl::string_view signature,
                                     const InputShapes& shapes);

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_SIZED_MODEL_H_

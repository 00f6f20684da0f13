// SPDX-License-Identifier: Apache-2.0

// Images whose pixels are class indices: PNGs of one channel (grayscale, or a palette whose indices are the classes),
// as semantic segmentation uses them.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_DETECTION_CLASS_IMAGE_H_
#define TFXM_MODEL_ANALYSIS_METRICS_DETECTION_CLASS_IMAGE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm::model_analysis {

struct ClassImage {
  int height = 0, width = 0;
  std::vector<uint8_t> pixels;  // Row by row.
};

// Decodes a PNG. Gray of less than 8 bits is scaled to 0 … 255, except that of one bit, as PIL does. INVALID_ARGUMENT
// says what else the bytes are: not a PNG, colors, 16 bits, or broken.
absl::StatusOr<ClassImage> DecodeClassPng(absl::string_view bytes);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_DETECTION_CLASS_IMAGE_H_

// SPDX-License-Identifier: Apache-2.0

// Features that are pictures, told by their shape, and their pixels as 8-bit values.
#ifndef TFXM_MODEL_ANALYSIS_DISAGREEMENT_IMAGE_FEATURE_H_
#define TFXM_MODEL_ANALYSIS_DISAGREEMENT_IMAGE_FEATURE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/data/example_batch.h"

namespace tfxm::model_analysis {

struct PixelImage {
  int width = 0, height = 0, channels = 1;  // 1 (grey) or 3 (RGB) or 4 (RGBA).
  std::string pixels;                       // Row-major, width * height * channels bytes.
};

struct ImageShape {
  int height = 0, width = 0, channels = 1;
  int64_t size() const { return int64_t{height} * width * channels; }
  bool operator==(const ImageShape&) const = default;
};

// The shape of a feature with `num_values` numbers: the schema's, if it has one of two dimensions or of three with 1, 3
// or 4 channels, and at least 8 pixels each way; else a square, grey or RGB, if the feature's name says that it is a
// picture ("image", "img", "pixel", "picture", "photo"); else 28 x 28 of 784 values. nullopt: not an image. The schema
// may be null.
std::optional<ImageShape> ShapeOfImage(absl::string_view feature, int64_t num_values,
                                       const ::tensorflow::metadata::v0::Schema* schema);

// The image in a feature of the first example of a batch: numbers, or raw 8-bit values in one string. Numbers from 0 to
// 255, from 0 to 1, from -1 to 1 and from -0.5 to 0.5 are scaled as such, the narrowest of these ranges that holds all;
// others from the smallest to the largest.
std::optional<PixelImage> ToImage(const data::Column& column, const ::tensorflow::metadata::v0::Schema* schema);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_DISAGREEMENT_IMAGE_FEATURE_H_

// SPDX-License-Identifier: Apache-2.0

// PNG and JPEG files as tf.Examples, with the features that TensorFlow's image data sets have:
//
// ```text
//   image/encoded  bytes   the file        image/height, image/width   int64
//   image/format   bytes   png or jpeg     image/class/text            bytes   the class
//                                          image/class/label           int64   its number
// ```
//
//   const std::unique_ptr<data::ExampleSource> source =
//       OpenImages({{"flowers/rose/1.jpg", "rose"}, {"flowers/tulip/1.png", "tulip"}}, {"rose", "tulip"});
#ifndef TFXM_COMPONENTS_EXAMPLE_GEN_IMAGE_SOURCE_H_
#define TFXM_COMPONENTS_EXAMPLE_GEN_IMAGE_SOURCE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/example_source.h"

namespace tfxm {

struct ImageFile {
  std::string path;
  std::string label;
};

// The pictures in order. The number of a label is its place in `labels`, which must have all. A file that is neither PNG
// nor JPEG, or is cut off within its head, is an error; the rest of it is not looked at.
std::unique_ptr<data::ExampleSource> OpenImages(std::vector<ImageFile> files, std::vector<std::string> labels);

struct ImageInfo {
  absl::string_view format;  // "png" or "jpeg"
  int width = 0, height = 0;
};
// What the head of a file says (PNG: IHDR; JPEG: the first SOF segment). INVALID_ARGUMENT says what is wrong.
absl::StatusOr<ImageInfo> ReadImageInfo(absl::string_view bytes);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_EXAMPLE_GEN_IMAGE_SOURCE_H_

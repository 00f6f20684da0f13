// SPDX-License-Identifier: Apache-2.0

// What TensorFlow Transform calls the folders of a transform graph.
#ifndef TFXM_TRANSFORM_INTERNAL_LAYOUT_H_
#define TFXM_TRANSFORM_INTERNAL_LAYOUT_H_

namespace tfxm::transform::internal {

inline constexpr char kTransformFnDir[] = "transform_fn";
inline constexpr char kRawMetadataDir[] = "metadata";
inline constexpr char kTransformedMetadataDir[] = "transformed_metadata";
inline constexpr char kMetadataSchemaFile[] = "schema.pbtxt";

}  // namespace tfxm::transform::internal

#endif  // TFXM_TRANSFORM_INTERNAL_LAYOUT_H_

// SPDX-License-Identifier: Apache-2.0

// What TensorFlow Transform calls the folders of a transform graph, and the features of what it transforms.
#ifndef TFXM_TRANSFORM_INTERNAL_LAYOUT_H_
#define TFXM_TRANSFORM_INTERNAL_LAYOUT_H_

namespace tfxm::transform::internal {

inline constexpr char kTransformFnDir[] = "transform_fn";
inline constexpr char kRawMetadataDir[] = "metadata";
inline constexpr char kTransformedMetadataDir[] = "transformed_metadata";
inline constexpr char kMetadataSchemaFile[] = "schema.pbtxt";

// What its features are called that hold an output which is not dense, after the output's name.
inline constexpr char kSparseValues[] = "$sparse_values";
inline constexpr char kSparseIndices[] = "$sparse_indices_";
inline constexpr char kRaggedValues[] = "$ragged_values";
inline constexpr char kRowLengths[] = "$row_lengths_";

}  // namespace tfxm::transform::internal

#endif  // TFXM_TRANSFORM_INTERNAL_LAYOUT_H_

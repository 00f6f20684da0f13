// SPDX-License-Identifier: Apache-2.0

// What TensorFlow calls the files of a SavedModel.
//
//   const bool is_binary = io::Exists(io::JoinPath(dir, kSavedModelFile));
#ifndef TFXM_SAVED_MODEL_SAVED_MODEL_FILES_H_
#define TFXM_SAVED_MODEL_SAVED_MODEL_FILES_H_

namespace tfxm {

inline constexpr char kSavedModelFile[] = "saved_model.pb";
inline constexpr char kSavedModelTextFile[] = "saved_model.pbtxt";

}  // namespace tfxm

#endif  // TFXM_SAVED_MODEL_SAVED_MODEL_FILES_H_

// SPDX-License-Identifier: Apache-2.0

// Tables that a file of the SavedModel fills: StringLookup(vocabulary="words.txt") of Keras, tf.lookup.TextFileInitializer.
#ifndef TFXM_SAVED_MODEL_INTERNAL_FILE_TABLES_H_
#define TFXM_SAVED_MODEL_INTERNAL_FILE_TABLES_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/files/temporary.h"

namespace tfxm::internal {

// A copy of the SavedModel in which constants fill the tables that a file's lines did, each line with its number, as far
// as the signature looks them up: the converter loses the file's name, which TensorFlow 2 keeps in a variable, and takes
// no notice of an offset of the numbers. Tables that the signature does not look up are not filled, since the converter
// would take them for a part of it (a Trainer that keeps `model.tft_layer` has one signature on serialized examples, with
// tables, and one on transformed features). There as long as the result and the original are; null if there is nothing
// to change. NOT_FOUND names a file that is missing.
absl::StatusOr<std::unique_ptr<io::TempDir>> WithTablesOfFiles(absl::string_view saved_model_dir,
                                                               const std::string& signature);

}  // namespace tfxm::internal

#endif  // TFXM_SAVED_MODEL_INTERNAL_FILE_TABLES_H_

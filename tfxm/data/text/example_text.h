// SPDX-License-Identifier: Apache-2.0

// tf.Examples for people and for other programs.
//
//   ASSIGN_OR_RETURN(std::string text, ExampleText(record, {.width = TerminalWidth()}));
//   //   age    int64  31
//   //   image  bytes  PNG, 2310 bytes
//   //   name   bytes  "Müller"
//   ASSIGN_OR_RETURN(std::string json, ExampleJson(record));   // {"age":[31],"image":[{"b64":"iVBOR…"}],"name":["Müller"]}
//
// Features are in the order of their names. Of a tf.SequenceExample, feature lists are shown step by step:
// "##SEQUENCE##/tokens  bytes  ["a" "b"] [] none", {…, "##SEQUENCE##": {"tokens": [["a", "b"], [], null]}}.
#ifndef TFXM_DATA_TEXT_EXAMPLE_TEXT_H_
#define TFXM_DATA_TEXT_EXAMPLE_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm::data {

struct ExampleTextOptions {
  int width = 0;        // Cells of the terminal; 0: no limit.
  int max_values = 10;  // Of a feature; the text says if there are more.
  std::string indent = "  ";
};

// A line for each feature: name, type, values. Bytes that are not text are described: the kind of image, the size. What
// is in the data cannot change how the rest is shown. INVALID_ARGUMENT if the bytes are neither.
absl::StatusOr<std::string> ExampleText(absl::string_view record, const ExampleTextOptions& options = {});

// One line: every feature a list, without values an empty one; bytes that are not UTF-8 are {"b64": …}.
absl::StatusOr<std::string> ExampleJson(absl::string_view record);

}  // namespace tfxm::data

#endif  // TFXM_DATA_TEXT_EXAMPLE_TEXT_H_

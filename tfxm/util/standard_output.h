// SPDX-License-Identifier: Apache-2.0

// What a command prints for its user or for the next program. A full disk behind a `>` is an error, not a cut file:
//
//   RETURN_IF_ERROR(Print(text));
//   …
//   status = FlushStandardOutput();  // At the end of main().
#ifndef TFXM_UTIL_STANDARD_OUTPUT_H_
#define TFXM_UTIL_STANDARD_OUTPUT_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tfxm {

// Errors say why standard output cannot be written. Text of others is made printable before (util/text/text.h).
absl::Status Print(absl::string_view text);
// Everything printed so far has left the process. Also fails if an earlier write did, whoever made it.
absl::Status FlushStandardOutput();

// Opens what is not open of the standard input, output and error, so that no file of this program gets their numbers
// and with them what others print. Writing to such an output fails. For the beginning of main().
void OpenStandardStreams();

}  // namespace tfxm

#endif  // TFXM_UTIL_STANDARD_OUTPUT_H_

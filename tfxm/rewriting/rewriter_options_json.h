// SPDX-License-Identifier: Apache-2.0

// RewriterOptions from JSON, as a Python program gives them: members have the names of the struct's.
//
// ```text
//   {"name": "tflite_rewriter", "quantization": "int8", "keep_float_ops": ["SOFTMAX"],
//    "representative_dataset": {"examples": "data/train-*"}, "limits": {"min_sqnr_db": 20}}
// ```
#ifndef TFXM_REWRITING_REWRITER_OPTIONS_JSON_H_
#define TFXM_REWRITING_REWRITER_OPTIONS_JSON_H_

#include "absl/status/statusor.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/rewriting/rewriter_options.h"
#include "tfxm/util/text/json_value.h"

namespace tfxm {

inline constexpr char kRewriterOption[] = "rewriter option";  // What SetMembers calls one.

// By name, what sets the option in `options`, which must outlive it.
JsonSetters RewriterOptionSetters(RewriterOptions* options);

// INVALID_ARGUMENT names a member that is unknown, with the nearest ones, or whose value is not of its kind. Null stands
// for the default.
absl::StatusOr<RewriterOptions> RewriterOptionsFromJson(const google::protobuf::Struct& json);

}  // namespace tfxm

#endif  // TFXM_REWRITING_REWRITER_OPTIONS_JSON_H_

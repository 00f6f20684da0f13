// SPDX-License-Identifier: Apache-2.0

// How a metric's key is written in the sidecar files (sidecars.proto) and looked up in them.
//
//   SubKeyText(3, std::nullopt, std::nullopt);   // "class 3"
#ifndef TFXM_PROTO_KEY_TEXT_H_
#define TFXM_PROTO_KEY_TEXT_H_

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"

namespace tfxm::sidecars {

inline constexpr char kMicro[] = "micro", kMacro[] = "macro", kWeightedMacro[] = "weighted macro";  // Aggregations.

// Of the first that is given; empty without any.
inline std::string SubKeyText(std::optional<int> class_id, std::optional<int> k, std::optional<int> top_k) {
  if (class_id) return absl::StrCat("class ", *class_id);
  if (k) return absl::StrCat("k ", *k);
  return top_k ? absl::StrCat("top ", *top_k) : "";
}

}  // namespace tfxm::sidecars

#endif  // TFXM_PROTO_KEY_TEXT_H_

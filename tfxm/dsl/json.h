// SPDX-License-Identifier: Apache-2.0

// JSON as TFX writes it into exec properties: keys sorted, two spaces of indentation, as Python's json.dumps.
#ifndef TFXM_DSL_JSON_H_
#define TFXM_DSL_JSON_H_

#include <string>
#include <vector>

#include "tfxm/metadata/artifact.h"

namespace google::protobuf {
class Message;
}

namespace tfxm {

// A proto with its original field names; unset fields are left out.
std::string ToTfxJson(const google::protobuf::Message& message);
// `["a", "b"]`
std::string ToTfxJson(const std::vector<std::string>& strings);
// `{"a": 1, "b": "x"}`, or `null` if there are none.
std::string ToTfxJson(const Properties& properties);

}  // namespace tfxm

#endif  // TFXM_DSL_JSON_H_

// SPDX-License-Identifier: Apache-2.0

#ifndef TFXM_STATISTICS_SCHEMA_TEXT_PROTO_H_
#define TFXM_STATISTICS_SCHEMA_TEXT_PROTO_H_

#include <string>

namespace google::protobuf {
class Message;
}

namespace tfxm::statistics {

// The message as Python's text_format.MessageToString prints it, byte for byte. It differs from C++'s in floating-point
// numbers ("1.0", not "1"). Extensions and unknown fields are left out.
std::string PrintAsPython(const google::protobuf::Message& message);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_SCHEMA_TEXT_PROTO_H_

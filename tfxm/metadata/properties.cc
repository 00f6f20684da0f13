// SPDX-License-Identifier: Apache-2.0

#include "tfxm/metadata/properties.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

// As in ml_metadata/util/struct_utils: this, then the serialized Struct in base64.
constexpr absl::string_view kStructPrefix = "mlmd-struct::";

}  // namespace

std::string StructProperty(const google::protobuf::Struct& value) {
  return absl::StrCat(kStructPrefix, absl::Base64Escape(io::SerializeDeterministically(value)));
}

bool ParseStructProperty(absl::string_view property, google::protobuf::Struct* value) {
  std::string bytes;
  return absl::ConsumePrefix(&property, kStructPrefix) && absl::Base64Unescape(property, &bytes) &&
         value->ParseFromString(bytes);
}

PropertyValue FromMlmd(const ml_metadata::Value& value) {
  switch (value.value_case()) {
    case ml_metadata::Value::kIntValue: return value.int_value();
    case ml_metadata::Value::kDoubleValue: return value.double_value();
    case ml_metadata::Value::kStructValue: return StructProperty(value.struct_value());
    case ml_metadata::Value::kProtoValue: return value.proto_value().SerializeAsString();
    case ml_metadata::Value::kBoolValue: return int64_t{value.bool_value()};
    default: return value.string_value();
  }
}

ml_metadata::Value ToMlmd(const PropertyValue& value) {
  ml_metadata::Value out;
  if (const auto* number = std::get_if<int64_t>(&value)) {
    out.set_int_value(*number);
  } else if (const auto* real = std::get_if<double>(&value)) {
    out.set_double_value(*real);
  } else if (!ParseStructProperty(std::get<std::string>(value), out.mutable_struct_value())) {
    out.set_string_value(std::get<std::string>(value));
  }
  return out;
}

Properties FromMlmd(const ValueMap& values) {
  Properties properties;
  for (const auto& [name, value] : values) properties[name] = FromMlmd(value);
  return properties;
}

void ToMlmd(const Properties& properties, ValueMap* values) {
  for (const auto& [name, value] : properties) (*values)[name] = ToMlmd(value);
}

Artifact FromMlmd(const ml_metadata::Artifact& artifact) {
  return Artifact{.id = artifact.id(),
                  .type_name = artifact.type(),
                  .name = artifact.name(),
                  .uri = artifact.uri(),
                  .properties = FromMlmd(artifact.properties()),
                  .custom_properties = FromMlmd(artifact.custom_properties())};
}

ml_metadata::Artifact ToMlmd(const Artifact& artifact) {
  ml_metadata::Artifact out;
  if (artifact.id != 0) out.set_id(artifact.id);
  out.set_type(artifact.type_name);
  if (!artifact.name.empty()) out.set_name(artifact.name);
  out.set_uri(artifact.uri);
  ToMlmd(artifact.properties, out.mutable_properties());
  ToMlmd(artifact.custom_properties, out.mutable_custom_properties());
  return out;
}

}  // namespace tfxm

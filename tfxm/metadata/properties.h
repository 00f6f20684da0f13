// SPDX-License-Identifier: Apache-2.0

// Between what executors see (Artifact, Properties of artifact.h) and the messages of ML Metadata.
#ifndef TFXM_METADATA_PROPERTIES_H_
#define TFXM_METADATA_PROPERTIES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/map.h"
#include "google/protobuf/struct.pb.h"
#include "ml_metadata/proto/metadata_store.pb.h"
#include "tfxm/metadata/artifact.h"

namespace tfxm {

using ValueMap = google::protobuf::Map<std::string, ml_metadata::Value>;

// A property that is a JSON-like value (ExampleAnomalies' custom property "blessed": {"train": 1}) is a string in
// Properties, in MLMD's own encoding of it; the store turns it into a struct_value and back.
std::string StructProperty(const google::protobuf::Struct& value);
// False if the property is not such a value.
bool ParseStructProperty(absl::string_view property, google::protobuf::Struct* value);

// A BOOLEAN becomes 0 or 1, a PROTO its serialized Any; neither occurs in what TFX's components write.
PropertyValue FromMlmd(const ml_metadata::Value& value);
ml_metadata::Value ToMlmd(const PropertyValue& value);
Properties FromMlmd(const ValueMap& values);
void ToMlmd(const Properties& properties, ValueMap* values);

// id, type, name, uri and properties.
Artifact FromMlmd(const ml_metadata::Artifact& artifact);
ml_metadata::Artifact ToMlmd(const Artifact& artifact);

}  // namespace tfxm

#endif  // TFXM_METADATA_PROPERTIES_H_

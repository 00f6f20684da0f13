// SPDX-License-Identifier: Apache-2.0

// What nodes exchange: an artifact is a directory (its uri) with a type and properties, recorded in ML Metadata.
//
//   Artifact examples = outputs->at("examples")[0];
//   examples.properties["split_names"] = R"(["train","eval"])";
#ifndef TFXM_METADATA_ARTIFACT_H_
#define TFXM_METADATA_ARTIFACT_H_

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace tfxm {

// An ml_metadata.Value: int, double or string.
using PropertyValue = std::variant<int64_t, double, std::string>;
using Properties = std::map<std::string, PropertyValue>;

struct Artifact {
  int64_t id = 0;         // In the metadata store; 0 before it is published (MLMD counts from 1).
  std::string type_name;  // "Examples", "Model", …: TFX's standard artifacts.
  std::string name;
  std::string uri;
  Properties properties;         // Those that the type declares (split_names, span, version).
  Properties custom_properties;  // Any others (blessed, pushed_destination, input_fingerprint).
};

// Artifacts by input or output key, as TFX's executors get them.
using ArtifactDict = std::map<std::string, std::vector<Artifact>>;

}  // namespace tfxm

#endif  // TFXM_METADATA_ARTIFACT_H_

// SPDX-License-Identifier: Apache-2.0

// How a tf.Example's features are parsed, from a schema: tensorflow_transform's schema_utils.schema_as_feature_spec.
//
//   ASSIGN_OR_RETURN(FeatureSpec spec, SchemaAsFeatureSpec(schema));
//   ops::ParsedExample parsed = ops::ParseExample(serialized, spec.fixed, spec.var);
#ifndef TFXM_TRANSFORM_FEATURE_SPEC_H_
#define TFXM_TRANSFORM_FEATURE_SPEC_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "tfxm/ops/string_ops.h"

namespace tensorflow::metadata::v0 {
class Schema;  // Its header would double the time a module takes to compile.
}

namespace tfxm::transform {

struct FeatureSpec {
  std::map<std::string, ops::FixedLenFeature> fixed;
  std::map<std::string, ops::VarLenFeature> var;

  size_t erase(const std::string& name) { return fixed.erase(name) + var.erase(name); }
  size_t size() const { return fixed.size() + var.size(); }
};

// A feature with a shape is FixedLen, any other VarLen; deprecated and planned ones are left out. INVALID_ARGUMENT: a
// feature with a shape that may be missing (presence.min_fraction is not 1); UNIMPLEMENTED: structs and sparse
// features.
absl::StatusOr<FeatureSpec> SchemaAsFeatureSpec(const tensorflow::metadata::v0::Schema& schema);

// The other way round, as the transformed data's schema: features sorted by name.
tensorflow::metadata::v0::Schema FeatureSpecAsSchema(const FeatureSpec& spec);

}  // namespace tfxm::transform

#endif  // TFXM_TRANSFORM_FEATURE_SPEC_H_

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/feature_spec.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"

namespace tfxm::transform {
namespace {

namespace tfmd = ::tensorflow::metadata::v0;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // Old schemas say so by the field `deprecated`.
bool IsServed(const tfmd::Feature& feature) {
  switch (feature.lifecycle_stage()) {
    case tfmd::PLANNED:
    case tfmd::ALPHA:
    case tfmd::DEBUG_ONLY:
    case tfmd::DEPRECATED:
    case tfmd::DISABLED:
    case tfmd::VALIDATION_DERIVED: return false;
    default: return !feature.deprecated();
  }
}
#pragma GCC diagnostic pop

}  // namespace

absl::StatusOr<FeatureSpec> SchemaAsFeatureSpec(const tfmd::Schema& schema) {
  FeatureSpec spec;
  if (schema.sparse_feature_size() > 0) {
    return absl::UnimplementedError(absl::StrCat("sparse_feature \"", schema.sparse_feature(0).name(),
                                                 "\" of the schema: use its index and value features one by one"));
  }
  for (const tfmd::Feature& feature : schema.feature()) {
    if (!IsServed(feature)) continue;
    DataType dtype;
    switch (feature.type()) {
      case tfmd::INT: dtype = DataType::kInt64; break;
      case tfmd::FLOAT: dtype = DataType::kFloat; break;
      case tfmd::BYTES: dtype = DataType::kString; break;
      default:
        return absl::UnimplementedError(absl::StrCat("feature \"", feature.name(), "\" of the schema is of type ",
                                                     tfmd::FeatureType_Name(feature.type()),
                                                     "; INT, FLOAT and BYTES can be parsed"));
    }
    if (!feature.has_shape()) {
      spec.var[feature.name()] = {.dtype = dtype};
      continue;
    }
    if (feature.presence().min_fraction() != 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          "feature \"", feature.name(), "\" of the schema has a shape, but may be missing (presence.min_fraction is ",
          feature.presence().min_fraction(), "); set min_fraction to 1, or use value_count in the place of shape"));
    }
    ops::FixedLenFeature& fixed = spec.fixed[feature.name()];
    fixed.dtype = dtype;
    for (const auto& dim : feature.shape().dim()) fixed.shape.push_back(dim.size());
  }
  return spec;
}

tfmd::Schema FeatureSpecAsSchema(const FeatureSpec& spec) {
  tfmd::Schema schema;
  std::set<std::string> names;
  for (const auto& [name, fixed] : spec.fixed) names.insert(name);
  for (const auto& [name, var] : spec.var) names.insert(name);
  for (const std::string& name : names) {
    tfmd::Feature* feature = schema.add_feature();
    feature->set_name(name);
    DataType dtype;
    if (const auto it = spec.fixed.find(name); it != spec.fixed.end()) {
      dtype = it->second.dtype;
      feature->mutable_presence()->set_min_fraction(1);
      feature->mutable_shape();
      for (const int64_t size : it->second.shape) feature->mutable_shape()->add_dim()->set_size(size);
    } else {
      dtype = spec.var.at(name).dtype;
    }
    feature->set_type(dtype == DataType::kInt64 ? tfmd::INT : dtype == DataType::kFloat ? tfmd::FLOAT : tfmd::BYTES);
  }
  return schema;
}

}  // namespace tfxm::transform

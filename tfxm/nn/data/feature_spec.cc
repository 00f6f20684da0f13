// SPDX-License-Identifier: Apache-2.0

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/nn/data/dataset.h"

namespace tfxm::nn {
namespace {

namespace tfmd = ::tensorflow::metadata::v0;

// False if the number of values is not the same in every example.
bool FixedShape(const tfmd::Feature& feature, Shape* shape) {
  if (feature.has_shape()) {
    for (const auto& dim : feature.shape().dim()) shape->push_back(dim.size());
    return true;
  }
  if (feature.has_value_count() && feature.value_count().min() == feature.value_count().max() &&
      feature.value_count().min() > 0) {
    shape->push_back(feature.value_count().min());
    return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::vector<FeatureSpec>> FeatureSpecs(const tfmd::Schema& schema,
                                                      const std::vector<std::string>& required) {
  std::vector<FeatureSpec> specs;
  for (const tfmd::Feature& feature : schema.feature()) {
    if (feature.lifecycle_stage() == tfmd::DEPRECATED) continue;
    FeatureSpec spec{.name = feature.name()};
    switch (feature.type()) {
      case tfmd::INT: spec.dtype = DataType::kInt64; break;
      case tfmd::FLOAT: spec.dtype = DataType::kFloat; break;
      case tfmd::BYTES: spec.dtype = DataType::kString; break;
      default: continue;
    }
    if (FixedShape(feature, &spec.shape)) {
      specs.push_back(std::move(spec));
      continue;
    }
    if (std::count(required.begin(), required.end(), feature.name()) > 0) {
      return absl::UnimplementedError(
          absl::StrCat("feature \"", feature.name(),
                       "\" has no fixed shape in the schema (neither shape nor value_count with "
                       "min == max); give it a length with DatasetOptions::padded_shapes, or make it dense in the "
                       "preprocessing_fn"));
    }
    spec.shape = {-1};
    specs.push_back(std::move(spec));
  }
  for (const std::string& name : required) {
    if (std::none_of(specs.begin(), specs.end(), [&](const FeatureSpec& spec) { return spec.name == name; })) {
      return absl::InvalidArgumentError(absl::StrCat("the schema has no feature \"", name, "\""));
    }
  }
  return specs;
}

}  // namespace tfxm::nn

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/feature_spec.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/nn/data/dataset.h"
#include "tfxm/util/status_macros.h"

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

absl::StatusOr<FeatureSpec> DenseSpec(const std::string& name, const ops::FixedLenFeature& dense) {
  FeatureSpec spec{.name = name, .dtype = dense.dtype, .shape = dense.shape};
  if (!dense.default_value || dense.default_value->num_elements() == 0) return spec;
  if (dense.dtype != DataType::kString) {
    spec.default_value = dense.default_value->ValueAsDouble(0);
  } else if (dense.default_value->strings()[0].empty()) {
    spec.default_value = 0;
  } else {
    return absl::UnimplementedError(absl::StrCat(
        "tensor_representation \"", name,
        "\" of the schema has a default_value of bytes, which only Transform puts in; give the feature its "
        "value in the preprocessing_fn, or leave default_value empty"));
  }
  return spec;
}

FeatureSpec RaggedSpec(const std::string& name, const transform::RaggedFeature& ragged) {
  FeatureSpec spec{.name = name, .dtype = ragged.dtype, .shape = {-1}, .value_key = ragged.value_key};
  if (ragged.is_sequence()) spec.shape.push_back(-1);
  for (const auto& partition : ragged.partitions) {
    spec.shape.push_back(partition.row_length.empty() ? partition.uniform_row_length : -1);
    spec.row_length_keys.push_back(partition.row_length);
  }
  return spec;
}

// What the schema says of tensors. `sources` gets the features that they are made of.
absl::StatusOr<std::vector<FeatureSpec>> Represented(const tfmd::Schema& schema, std::set<std::string>* sources) {
  ASSIGN_OR_RETURN(const transform::FeatureSpec represented, transform::RepresentedFeatures(schema, sources));
  std::vector<FeatureSpec> specs;
  for (const auto& [name, dense] : represented.fixed) {
    ASSIGN_OR_RETURN(FeatureSpec spec, DenseSpec(name, dense));
    specs.push_back(std::move(spec));
  }
  for (const auto& [name, var] : represented.var) specs.push_back({.name = name, .dtype = var.dtype, .shape = {-1}});
  for (const auto& [name, sparse] : represented.sparse) {
    specs.push_back({.name = name,
                     .dtype = sparse.dtype,
                     .shape = sparse.size,
                     .value_key = sparse.value_key,
                     .index_keys = sparse.index_keys});
  }
  for (const auto& [name, ragged] : represented.ragged) specs.push_back(RaggedSpec(name, ragged));
  for (FeatureSpec& spec : specs) {
    if (const auto column = represented.columns.find(spec.name); column != represented.columns.end())
      spec.value_key = column->second;
  }
  return specs;
}

}  // namespace

absl::StatusOr<std::vector<FeatureSpec>> FeatureSpecs(const tfmd::Schema& schema,
                                                      const std::vector<std::string>& required) {
  std::set<std::string> sources;
  ASSIGN_OR_RETURN(std::vector<FeatureSpec> specs, Represented(schema, &sources));
  std::set<std::string> names;
  for (const FeatureSpec& spec : specs) names.insert(spec.name);
  for (const tfmd::Feature& feature : schema.feature()) {
    if (feature.lifecycle_stage() == tfmd::DEPRECATED) continue;
    if (names.count(feature.name()) > 0 || sources.count(feature.name()) > 0) continue;
    FeatureSpec spec{.name = feature.name()};
    switch (feature.type()) {
      case tfmd::INT: spec.dtype = DataType::kInt64; break;
      case tfmd::FLOAT: spec.dtype = DataType::kFloat; break;
      case tfmd::BYTES: spec.dtype = DataType::kString; break;
      default: continue;
    }
    if (!FixedShape(feature, &spec.shape)) spec.shape = {-1};
    specs.push_back(std::move(spec));
  }
  for (const std::string& name : required) {
    const auto spec = std::find_if(specs.begin(), specs.end(), [&](const auto& s) { return s.name == name; });
    if (spec == specs.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the schema has no feature \"", name, "\"",
          sources.count(name) > 0 ? " of its own: a tensor_representation or sparse_feature takes it" : ""));
    }
    if (std::count(spec->shape.begin(), spec->shape.end(), -1) == 0) continue;
    return absl::UnimplementedError(
        absl::StrCat("feature \"", name,
                     "\" has no fixed shape in the schema (neither shape nor value_count with "
                     "min == max); give it a length with DatasetOptions::padded_shapes, or make it dense in the "
                     "preprocessing_fn"));
  }
  return specs;
}

}  // namespace tfxm::nn

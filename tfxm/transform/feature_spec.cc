// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/feature_spec.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::transform {
namespace {

namespace tfmd = ::tensorflow::metadata::v0;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // Old schemas say so by the field `deprecated`.
template <typename Feature>
bool IsServed(const Feature& feature) {
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

Shape ShapeOf(const tfmd::FixedShape& proto) {
  Shape shape;
  for (const auto& dim : proto.dim()) shape.push_back(dim.size());
  return shape;
}

absl::StatusOr<DataType> TypeOf(const tfmd::Feature& feature) {
  switch (feature.type()) {
    case tfmd::INT: return DataType::kInt64;
    case tfmd::FLOAT: return DataType::kFloat;
    case tfmd::BYTES: return DataType::kString;
    default:
      return absl::UnimplementedError(absl::StrCat("feature \"", feature.name(), "\" of the schema is of type ",
                                                   tfmd::FeatureType_Name(feature.type()),
                                                   "; INT, FLOAT and BYTES can be parsed"));
  }
}

// One value for all elements.
absl::StatusOr<tfxm::Tensor> DefaultValue(const tfmd::TensorRepresentation::DefaultValue& value, DataType dtype,
                                          const Shape& shape) {
  tfxm::Tensor tensor(dtype, shape);
  const int64_t n = NumElements(shape);
  switch (value.kind_case()) {
    case tfmd::TensorRepresentation::DefaultValue::kIntValue:
      if (dtype != DataType::kInt64) break;
      std::fill_n(tensor.values<int64_t>().data(), n, value.int_value());
      return tensor;
    case tfmd::TensorRepresentation::DefaultValue::kFloatValue:
      if (dtype != DataType::kFloat) break;
      std::fill_n(tensor.values<float>().data(), n, static_cast<float>(value.float_value()));
      return tensor;
    case tfmd::TensorRepresentation::DefaultValue::kBytesValue:
      if (dtype != DataType::kString) break;
      std::fill_n(tensor.strings().data(), n, value.bytes_value());
      return tensor;
    default: break;
  }
  return absl::InvalidArgumentError(absl::StrCat("its default_value must be ",
                                                 dtype == DataType::kInt64   ? "an int_value"
                                                 : dtype == DataType::kFloat ? "a float_value"
                                                                             : "a bytes_value",
                                                 ", as the feature"));
}

// The features of a schema by name; those of the struct of sequences with its name before them.
class Features {
 public:
  explicit Features(const tfmd::Schema& schema) {
    for (const tfmd::Feature& feature : schema.feature()) {
      by_name_[feature.name()] = &feature;
      if (feature.name() != data::kSequenceName) continue;
      for (const tfmd::Feature& list : feature.struct_domain().feature()) {
        by_name_[absl::StrCat(data::kSequencePrefix, list.name())] = &list;
      }
    }
  }
  absl::StatusOr<DataType> Type(const std::string& name) const {
    const auto it = by_name_.find(name);
    if (it == by_name_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("it reads the feature \"", name, "\", which the schema does not have"));
    }
    return TypeOf(*it->second);
  }
  absl::Status MustBeIntegers(const std::string& name) const {
    ASSIGN_OR_RETURN(const DataType dtype, Type(name));
    if (dtype == DataType::kInt64) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("it needs integers in \"", name, "\", which the schema says are not"));
  }

 private:
  std::map<std::string, const tfmd::Feature*> by_name_;
};

// Adds what one representation says. `sources` gets the features that it is made of.
class Representations {
 public:
  Representations(const tfmd::Schema& schema, FeatureSpec* spec, std::set<std::string>* sources)
      : features_(schema), spec_(*spec), sources_(*sources) {}

  absl::Status Add(const std::string& name, const tfmd::TensorRepresentation& representation) {
    switch (representation.kind_case()) {
      case tfmd::TensorRepresentation::kDenseTensor: return Add(name, representation.dense_tensor());
      case tfmd::TensorRepresentation::kVarlenSparseTensor: {
        const std::string& column = representation.varlen_sparse_tensor().column_name();
        ASSIGN_OR_RETURN(spec_.var[name].dtype, TypeOfColumn(name, column));
        return absl::OkStatus();
      }
      case tfmd::TensorRepresentation::kSparseTensor: return Add(name, representation.sparse_tensor());
      case tfmd::TensorRepresentation::kRaggedTensor: return Add(name, representation.ragged_tensor());
      default: return absl::InvalidArgumentError("it is of no kind");
    }
  }

 private:
  using Representation = tfmd::TensorRepresentation;

  absl::StatusOr<DataType> TypeOfColumn(const std::string& name, const std::string& column) {
    sources_.insert(column);
    if (column != name) spec_.columns[name] = column;
    return features_.Type(column);
  }

  absl::Status Add(const std::string& name, const Representation::DenseTensor& dense) {
    ops::FixedLenFeature& fixed = spec_.fixed[name];
    ASSIGN_OR_RETURN(fixed.dtype, TypeOfColumn(name, dense.column_name()));
    fixed.shape = ShapeOf(dense.shape());
    for (const int64_t size : fixed.shape) {
      if (size < 0) return absl::InvalidArgumentError("a dense_tensor has a shape without unknown dimensions");
    }
    if (!dense.has_default_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(fixed.default_value, DefaultValue(dense.default_value(), fixed.dtype, fixed.shape));
    return absl::OkStatus();
  }

  absl::Status Add(const std::string& name, const Representation::SparseTensor& proto) {
    SparseFeature& sparse = spec_.sparse[name];
    sparse = {.index_keys = {proto.index_column_names().begin(), proto.index_column_names().end()},
              .value_key = proto.value_column_name(),
              .size = ShapeOf(proto.dense_shape()),
              .already_sorted = proto.already_sorted()};
    ASSIGN_OR_RETURN(sparse.dtype, features_.Type(sparse.value_key));
    sources_.insert(sparse.value_key);
    if (sparse.index_keys.empty() || sparse.index_keys.size() != sparse.size.size()) {
      return absl::InvalidArgumentError(absl::StrCat("its dense_shape has ", sparse.size.size(),
                                                     " dimensions, and there are ", sparse.index_keys.size(),
                                                     " index_column_names; expected as many"));
    }
    for (const std::string& key : sparse.index_keys) {
      sources_.insert(key);
      RETURN_IF_ERROR(features_.MustBeIntegers(key));
    }
    return absl::OkStatus();
  }

  absl::Status Add(const std::string& name, const Representation::RaggedTensor& proto) {
    RaggedFeature& ragged = spec_.ragged[name];
    const auto& path = proto.feature_path().step();
    if (path.empty() || path.size() > 2 || (path.size() == 2 && path[0] != data::kSequenceName)) {
      return absl::InvalidArgumentError(absl::StrCat("its feature_path has ", path.size(),
                                                     " steps; expected the name of a "
                                                     "feature, or of one in \"",
                                                     data::kSequenceName, "\""));
    }
    ragged.value_key = path.size() == 1 ? path[0] : absl::StrCat(data::kSequencePrefix, path[1]);
    ASSIGN_OR_RETURN(ragged.dtype, features_.Type(ragged.value_key));
    sources_.insert(ragged.value_key);
    if (proto.row_partition_dtype() == Representation::INT32) ragged.row_splits_dtype = DataType::kInt32;
    for (const auto& partition : proto.partition()) {
      ragged.partitions.push_back({partition.row_length(), partition.uniform_row_length()});
      if (!partition.row_length().empty()) {
        if (ragged.is_sequence()) {
          return absl::UnimplementedError(
              "partitions by row_length of a feature list; only uniform_row_length can be had");
        }
        sources_.insert(partition.row_length());
        RETURN_IF_ERROR(features_.MustBeIntegers(partition.row_length()));
      } else if (partition.uniform_row_length() <= 0) {
        return absl::InvalidArgumentError("a partition needs a row_length or a positive uniform_row_length");
      }
    }
    return absl::OkStatus();
  }

  const Features features_;
  FeatureSpec& spec_;
  std::set<std::string>& sources_;
};

// sparse_feature, as the representation that it stands for.
absl::StatusOr<tfmd::TensorRepresentation> OfSparseFeature(const tfmd::SparseFeature& feature,
                                                           const tfmd::Schema& schema) {
  tfmd::TensorRepresentation representation;
  auto& sparse = *representation.mutable_sparse_tensor();
  sparse.set_value_column_name(feature.value_feature().name());
  sparse.set_already_sorted(feature.is_sorted());
  for (const auto& index : feature.index_feature()) {
    sparse.add_index_column_names(index.name());
    int64_t size = -1;
    for (const tfmd::Feature& of_index : schema.feature()) {
      if (of_index.name() != index.name() || !of_index.has_int_domain()) continue;
      if (!of_index.int_domain().has_max() || of_index.int_domain().min() != 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("the int_domain of its index feature \"", index.name(), "\" must be from 0 to a maximum"));
      }
      size = of_index.int_domain().max() + 1;
    }
    sparse.mutable_dense_shape()->add_dim()->set_size(size);
  }
  return representation;
}

absl::Status AddFeature(const tfmd::Feature& feature, bool ragged, FeatureSpec* spec) {
  const std::string& name = feature.name();
  ASSIGN_OR_RETURN(const DataType dtype, TypeOf(feature));
  if (!feature.has_shape()) {
    if (ragged) {
      spec->ragged[name] = {.value_key = name, .dtype = dtype};
    } else {
      spec->var[name] = {.dtype = dtype};
    }
    return absl::OkStatus();
  }
  if (feature.presence().min_fraction() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "feature \"", name, "\" of the schema has a shape, but may be missing (presence.min_fraction is ",
        feature.presence().min_fraction(), "); set min_fraction to 1, or use value_count in the place of shape"));
  }
  spec->fixed[name] = {.shape = ShapeOf(feature.shape()), .dtype = dtype};
  return absl::OkStatus();
}

// The feature lists that no representation takes.
absl::Status AddSequences(const tfmd::Feature& feature, const std::set<std::string>& sources, FeatureSpec* spec) {
  for (const tfmd::Feature& list : feature.struct_domain().feature()) {
    const std::string key = absl::StrCat(data::kSequencePrefix, list.name());
    const std::string name = absl::StrCat(data::kSequenceName, ".", list.name());
    if (sources.count(key) > 0 || spec->ragged.count(name) > 0) continue;
    ASSIGN_OR_RETURN(const DataType dtype, TypeOf(list));
    spec->ragged[name] = {.value_key = key, .dtype = dtype};
  }
  return absl::OkStatus();
}

tfmd::Feature* AddFeature(const std::string& name, DataType dtype, tfmd::Schema* schema) {
  tfmd::Feature* feature = schema->add_feature();
  feature->set_name(name);
  feature->set_type(dtype == DataType::kInt64 ? tfmd::INT : dtype == DataType::kFloat ? tfmd::FLOAT : tfmd::BYTES);
  return feature;
}

}  // namespace

bool RaggedFeature::is_sequence() const { return absl::StartsWith(value_key, data::kSequencePrefix); }

Shape RaggedFeature::inner_shape() const {
  Shape shape;
  for (auto it = partitions.rbegin(); it != partitions.rend() && it->row_length.empty(); ++it) {
    shape.insert(shape.begin(), it->uniform_row_length);
  }
  return shape;
}

int RaggedFeature::ragged_rank() const {
  return static_cast<int>(partitions.size() - inner_shape().size()) + (is_sequence() ? 2 : 1);
}

bool DescribesSequenceExamples(const tfmd::Schema& schema) {
  return std::any_of(schema.feature().begin(), schema.feature().end(), [](const tfmd::Feature& feature) {
    return feature.name() == data::kSequenceName && feature.type() == tfmd::STRUCT;
  });
}

absl::StatusOr<FeatureSpec> RepresentedFeatures(const tfmd::Schema& schema, std::set<std::string>* sources) {
  FeatureSpec spec;
  Representations representations(schema, &spec, sources);
  if (const auto group = schema.tensor_representation_group().find("");
      group != schema.tensor_representation_group().end()) {
    for (const auto& [name, representation] : group->second.tensor_representation()) {
      RETURN_IF_ERROR(Annotate(representations.Add(name, representation),
                               absl::StrCat("tensor_representation \"", name, "\" of the schema")));
    }
  }
  for (const tfmd::SparseFeature& feature : schema.sparse_feature()) {
    if (!IsServed(feature) || spec.count(feature.name()) > 0) continue;
    const std::string where = absl::StrCat("sparse_feature \"", feature.name(), "\" of the schema");
    const absl::StatusOr<tfmd::TensorRepresentation> representation = OfSparseFeature(feature, schema);
    if (!representation.ok()) return Annotate(representation.status(), where);
    RETURN_IF_ERROR(Annotate(representations.Add(feature.name(), *representation), where));
  }
  return spec;
}

absl::StatusOr<FeatureSpec> SchemaAsFeatureSpec(const tfmd::Schema& schema) {
  std::set<std::string> sources;
  ASSIGN_OR_RETURN(FeatureSpec spec, RepresentedFeatures(schema, &sources));
  for (const tfmd::Feature& feature : schema.feature()) {
    if (!IsServed(feature) || sources.count(feature.name()) > 0 || spec.count(feature.name()) > 0) continue;
    RETURN_IF_ERROR(feature.name() == data::kSequenceName && feature.type() == tfmd::STRUCT
                        ? AddSequences(feature, sources, &spec)
                        : AddFeature(feature, schema.represent_variable_length_as_ragged(), &spec));
  }
  return spec;
}

tfmd::Schema FeatureSpecAsSchema(const FeatureSpec& spec) {
  tfmd::Schema schema;
  std::set<std::string> names;
  for (const auto& [name, feature] : spec.fixed) names.insert(name);
  for (const auto& [name, feature] : spec.var) names.insert(name);
  for (const auto& [name, feature] : spec.sparse) names.insert(name);
  for (const auto& [name, feature] : spec.ragged) names.insert(name);
  for (const std::string& name : names) {
    if (const auto it = spec.fixed.find(name); it != spec.fixed.end()) {
      tfmd::Feature* feature = AddFeature(name, it->second.dtype, &schema);
      feature->mutable_presence()->set_min_fraction(1);
      feature->mutable_shape();
      for (const int64_t size : it->second.shape) feature->mutable_shape()->add_dim()->set_size(size);
    } else if (const auto sparse = spec.sparse.find(name); sparse != spec.sparse.end()) {
      tfmd::SparseFeature* feature = schema.add_sparse_feature();
      feature->set_name(name);
      if (sparse->second.already_sorted) feature->set_is_sorted(true);
      for (size_t i = 0; i < sparse->second.index_keys.size(); ++i) {
        feature->add_index_feature()->set_name(sparse->second.index_keys[i]);
        tfmd::Feature* index = AddFeature(sparse->second.index_keys[i], DataType::kInt64, &schema);
        if (sparse->second.size[i] < 0) continue;
        index->mutable_int_domain()->set_min(0);
        index->mutable_int_domain()->set_max(sparse->second.size[i] - 1);
      }
      feature->mutable_value_feature()->set_name(sparse->second.value_key);
      AddFeature(sparse->second.value_key, sparse->second.dtype, &schema);
    } else if (const auto ragged = spec.ragged.find(name); ragged != spec.ragged.end()) {
      AddFeature(ragged->second.value_key, ragged->second.dtype, &schema);
      auto& representation =
          *(*(*schema.mutable_tensor_representation_group())[""].mutable_tensor_representation())[name]
               .mutable_ragged_tensor();
      representation.mutable_feature_path()->add_step(ragged->second.value_key);
      for (const RaggedFeature::Partition& partition : ragged->second.partitions) {
        if (partition.row_length.empty()) {
          representation.add_partition()->set_uniform_row_length(partition.uniform_row_length);
        } else {
          AddFeature(partition.row_length, DataType::kInt64, &schema);
          representation.add_partition()->set_row_length(partition.row_length);
        }
      }
    } else {
      AddFeature(name, spec.var.at(name).dtype, &schema);
    }
  }
  return schema;
}

}  // namespace tfxm::transform

// SPDX-License-Identifier: Apache-2.0

// How a tf.Example's features are parsed, from a schema: tensorflow_transform's schema_utils.schema_as_feature_spec.
//
//   ASSIGN_OR_RETURN(FeatureSpec spec, SchemaAsFeatureSpec(schema));
//   ops::ParsedExample parsed = ops::ParseExample(serialized, spec.fixed, spec.var);
//
// A tensor is what the schema's `tensor_representation_group` calls it, or a feature:
//
// ```text
//   tensor_representation_group {
//     key: ""
//     value {
//       tensor_representation {
//         key: "scores"   # [batch, 10], 0 where there is none
//         value { dense_tensor { column_name: "scores" shape { dim { size: 10 } } default_value { float_value: 0 } } }
//       }
//       tensor_representation {
//         key: "clicks"   # sparse, [batch, 100, 8]: each value of "clicks_value" at its places in "row" and "column"
//         value { sparse_tensor { dense_shape { dim { size: 100 } dim { size: 8 } } index_column_names: "row"
//                                 index_column_names: "column" value_column_name: "clicks_value" } }
//       }
//       tensor_representation {
//         key: "boxes"    # ragged, [batch, any number, 4]
//         value { ragged_tensor { feature_path { step: "boxes" } partition { uniform_row_length: 4 } } }
//       }
//       tensor_representation {
//         key: "lines"    # ragged, [batch, any number, any number]: "line_lengths" says how many words a line has
//         value { ragged_tensor { feature_path { step: "words" } partition { row_length: "line_lengths" } } }
//       }
//     }
//   }
// ```
#ifndef TFXM_TRANSFORM_FEATURE_SPEC_H_
#define TFXM_TRANSFORM_FEATURE_SPEC_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/ops/string_ops.h"

namespace tensorflow::metadata::v0 {
class Schema;  // Its header would double the time a module takes to compile.
}

namespace tfxm::transform {

// A sparse tensor whose places are features, too.
struct SparseFeature {
  std::vector<std::string> index_keys;  // Features of integers, from 0: one for each dimension but the batch.
  std::string value_key;
  DataType dtype = DataType::kFloat;
  Shape size;  // Without the batch; -1: not known.
  bool already_sorted = false;
};

// A ragged tensor: the list of an example's values, split further by `partitions`, from the outermost inwards.
struct RaggedFeature {
  struct Partition {
    std::string row_length;          // A feature of integers, the lengths of the rows; or, if it is empty,
    int64_t uniform_row_length = 0;  // the length of all rows.
  };
  // Of a feature list of tf.SequenceExamples "##SEQUENCE##/NAME": its steps are one dimension more.
  std::string value_key;
  DataType dtype = DataType::kFloat;
  std::vector<Partition> partitions;
  DataType row_splits_dtype = DataType::kInt64;

  bool is_sequence() const;
  // The last partitions, as far as they are uniform, are dimensions of the values: their shape without the first one.
  Shape inner_shape() const;
  // The number of row_splits.
  int ragged_rank() const;
};

// By the names of the tensors.
struct FeatureSpec {
  std::map<std::string, ops::FixedLenFeature> fixed;
  std::map<std::string, ops::VarLenFeature> var;
  std::map<std::string, SparseFeature> sparse;
  std::map<std::string, RaggedFeature> ragged;
  // The features that tensors of `fixed` and `var` with other names are read from.
  std::map<std::string, std::string> columns;

  size_t erase(const std::string& name) {
    columns.erase(name);
    return fixed.erase(name) + var.erase(name) + sparse.erase(name) + ragged.erase(name);
  }
  size_t count(const std::string& name) const {
    return fixed.count(name) + var.count(name) + sparse.count(name) + ragged.count(name);
  }
  size_t size() const { return fixed.size() + var.size() + sparse.size() + ragged.size(); }
};

// The tensors of the schema's tensor_representation_group "" and its sparse_feature; of the features that these are not
// made of, each with a shape is FixedLen, any other VarLen (ragged if the schema says represent_variable_length_as_ragged).
// Of the feature lists of tf.SequenceExamples, which the schema has in a struct "##SEQUENCE##", each is ragged, by
// default with the name "##SEQUENCE##.NAME". Deprecated and planned features are left out. INVALID_ARGUMENT: a feature
// with a shape that may be missing (presence.min_fraction is not 1) and has no default_value, a representation of what
// the schema does not have; UNIMPLEMENTED: other structs.
absl::StatusOr<FeatureSpec> SchemaAsFeatureSpec(const tensorflow::metadata::v0::Schema& schema);
// Those of the representation group and of sparse_feature only. `sources` gets the features that they are made of.
absl::StatusOr<FeatureSpec> RepresentedFeatures(const tensorflow::metadata::v0::Schema& schema,
                                                std::set<std::string>* sources);

// The other way round, as the transformed data's schema: features sorted by name.
tensorflow::metadata::v0::Schema FeatureSpecAsSchema(const FeatureSpec& spec);

// Whether data of the schema are tf.SequenceExamples.
bool DescribesSequenceExamples(const tensorflow::metadata::v0::Schema& schema);

}  // namespace tfxm::transform

#endif  // TFXM_TRANSFORM_FEATURE_SPEC_H_

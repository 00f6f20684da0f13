// SPDX-License-Identifier: Apache-2.0

// Features by name, as a preprocessing_fn gets and returns them.
//
//   absl::StatusOr<tft::TensorMap> preprocessing_fn(const tft::TensorMap& inputs) {
//     tft::TensorMap outputs;
//     outputs["image_floats_xf"] = tft::scale_by_min_max(inputs["image_floats"], -0.5, 0.5);
//     outputs["image_class_xf"] = inputs["image_class"];
//     return outputs;
//   }
#ifndef TFXM_TRANSFORM_TENSOR_MAP_H_
#define TFXM_TRANSFORM_TENSOR_MAP_H_

#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "tfxm/ops/graph.h"
#include "tfxm/ops/string_ops.h"

namespace tfxm::transform {

// A feature: a dense tensor, its first dimension the batch, a sparse one (of as many values per example as there are, or
// at the places that other features say), or a ragged one (feature_spec.h). As an ops::Tensor it is the dense one. A
// feature of another kind that is used as if it were dense makes the preprocessing_fn fail with an error that names it;
// sparse(), ragged() and values() are what works on it (and tft's functions, which take all kinds where nothing else is
// said).
class FeatureTensor : public ops::Tensor {
 public:
  FeatureTensor() = default;
  FeatureTensor(const ops::Tensor& dense) : ops::Tensor(dense) {}
  FeatureTensor(const ops::Node& node) : ops::Tensor(node) {}
  FeatureTensor(const ops::SparseTensor& sparse) : sparse_(sparse) {}
  FeatureTensor(const ops::RaggedTensor& ragged) : ragged_(ragged) {}
  // `stand_in` is what a use as a dense tensor gets.
  FeatureTensor(const ops::SparseTensor& sparse, const ops::Tensor& stand_in)
      : ops::Tensor(stand_in), sparse_(sparse) {}
  FeatureTensor(const ops::RaggedTensor& ragged, const ops::Tensor& stand_in)
      : ops::Tensor(stand_in), ragged_(ragged) {}

  bool is_sparse() const { return sparse_.has_value(); }
  bool is_ragged() const { return ragged_.has_value(); }
  bool is_dense() const { return !is_sparse() && !is_ragged(); }
  // Only if is_sparse().
  const ops::SparseTensor& sparse() const { return *sparse_; }
  // Only if is_ragged().
  const ops::RaggedTensor& ragged() const { return *ragged_; }
  // The values: of a sparse or ragged tensor those that are there, as a vector.
  ops::Tensor values() const {
    return is_sparse() ? sparse_->values : is_ragged() ? ragged_->values : static_cast<const ops::Tensor&>(*this);
  }
  // Of the same kind and at the same places, with other values.
  FeatureTensor WithValues(const ops::Tensor& values) const {
    if (is_sparse()) return ops::SparseTensor{sparse_->indices, values, sparse_->dense_shape};
    if (is_ragged()) return ops::RaggedTensor{values, ragged_->row_splits};
    return values;
  }

 private:
  std::optional<ops::SparseTensor> sparse_;
  std::optional<ops::RaggedTensor> ragged_;
};

class TensorMap {
 public:
  using Map = std::map<std::string, FeatureTensor, std::less<>>;
  TensorMap() = default;
  TensorMap(std::initializer_list<Map::value_type> init) : map_(init) {}
  // From what other functions return; dense.
  TensorMap(const std::map<std::string, ops::Tensor>& tensors) : map_(tensors.begin(), tensors.end()) {}

  // A name that is not there gives an invalid tensor, and an error in the graph that says which names there are.
  const FeatureTensor& operator[](absl::string_view name) const;
  // Makes room for one of that name.
  FeatureTensor& operator[](absl::string_view name);
  // The tensors by name, as a model takes them; a sparse or ragged feature is its stand-in.
  operator std::map<std::string, ops::Tensor>() const { return {map_.begin(), map_.end()}; }

  bool contains(absl::string_view name) const { return map_.find(name) != map_.end(); }
  size_t erase(absl::string_view name);
  size_t size() const { return map_.size(); }
  bool empty() const { return map_.empty(); }
  Map::const_iterator begin() const { return map_.begin(); }
  Map::const_iterator end() const { return map_.end(); }

 private:
  Map map_;
};

}  // namespace tfxm::transform

#endif  // TFXM_TRANSFORM_TENSOR_MAP_H_

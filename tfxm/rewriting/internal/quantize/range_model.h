// SPDX-License-Identifier: Apache-2.0

// A copy of a float model that also computes the smallest and largest value of each of its activations, with the
// runtime's own fast kernels, each right after the activation: hardly slower than the model itself, since nothing is
// kept or copied.
//
//   ASSIGN_OR_RETURN(auto ranges, RangeModel::Create(file, "serving_default"));
//   ... feed ranges->model() ...
//   ranges->Reset();
//   RETURN_IF_ERROR(ranges->model().Run());
//   ranges->tensors(), ranges->ranges()          // since Reset; min > max where a tensor was never computed
//
// One thread at a time per object.
#ifndef TFXM_REWRITING_INTERNAL_QUANTIZE_RANGE_MODEL_H_
#define TFXM_REWRITING_INTERNAL_QUANTIZE_RANGE_MODEL_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/rewriting/internal/convert/model_edit.h"

namespace tfxm::rewriting {

class RangeModel {
 public:
  static absl::StatusOr<std::unique_ptr<RangeModel>> Create(const litert::ModelFile& file,
                                                            const std::string& signature);

  litert::CompiledModel& model() { return *model_; }
  void Reset();
  // (subgraph, tensor) in the original file: all inputs and outputs of operators that are float and not constant.
  const std::vector<std::pair<int, int>>& tensors() const { return tensors_; }
  const std::vector<Range>& ranges() const;

 private:
  class Observer;
  RangeModel();
  std::vector<std::pair<int, int>> tensors_;
  std::unique_ptr<Observer> observer_;
  std::unique_ptr<litert::CompiledModel> model_;

 public:
  ~RangeModel();
};

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_QUANTIZE_RANGE_MODEL_H_

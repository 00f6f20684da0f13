// SPDX-License-Identifier: Apache-2.0

// Looks inside a model while it runs: the values of its activations, also of those in loop bodies and of dynamic shape.
//
//   ASSIGN_OR_RETURN(auto observed, litert::ObservedModel::Create(file, {}, {}));
//   …                                        // Fill observed->model().input(i).
//   RETURN_IF_ERROR(observed->Run([&](int k, const Shape& shape, std::span<const float> values) {
//     …       // The values of observed->tensors()[k]; those of a quantized tensor are dequantized.
//   }));
//
// An operator that computes nothing is put at the end of each subgraph, with the tensors as its inputs; the model's own
// outputs do not change. One thread at a time.
#ifndef TFXM_LITERT_OBSERVE_H_
#define TFXM_LITERT_OBSERVE_H_

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/litert/flatbuffer.h"

namespace tfxm::litert {

struct ObservedTensor {
  int subgraph = 0;
  int tensor = 0;
  std::string name;
  int type = 0;  // schema::TensorType
  Quantization quantization;
};

class ObservedModel {
 public:
  // Decides which of the inputs and outputs of operators are observed; asked for those that are float32 or quantized as
  // a whole to int8, uint8 or int16, and not constant. Default: all float32.
  using Select = std::function<bool(const ObservedTensor&)>;
  static absl::StatusOr<std::unique_ptr<ObservedModel>> Create(std::shared_ptr<const ModelFile> file,
                                                               const CompiledModelOptions& options,
                                                               const Select& select);

  CompiledModel& model() { return *model_; }
  const std::vector<ObservedTensor>& tensors() const { return tensors_; }

  // Runs the model and calls `fn` for every observed tensor of every subgraph, each time the subgraph has run. The
  // values are valid during the call. Called on this thread.
  using Callback = std::function<void(int k, const Shape& shape, std::span<const float> values)>;
  absl::Status Run(const Callback& fn);

 private:
  ObservedModel() = default;
  absl::Status Make(bool tap_all);

  std::shared_ptr<const ModelFile> file_;
  CompiledModelOptions options_;
  Select select_;
  bool taps_all_ = false;
  std::vector<ObservedTensor> tensors_;
  std::unique_ptr<TensorObserver> observer_;
  std::unique_ptr<CompiledModel> model_;
};

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_OBSERVE_H_

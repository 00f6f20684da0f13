// SPDX-License-Identifier: Apache-2.0

// LiteRT's objects for one model and signature, owned: the only place that creates, lays out and runs them. What a
// model's inputs and outputs mean, and where their memory is, is CompiledModel's business.
//
//   ASSIGN_OR_RETURN(auto runtime, Runtime::Create(file, signature_index, options, operators));
//   RETURN_IF_ERROR(runtime->Resize(0, {32, 224, 224, 3}));
//   ASSIGN_OR_RETURN(const std::vector<Shape> shapes, runtime->LayOut());
//   RETURN_IF_ERROR(runtime->Run(inputs, outputs));
//
// Messages do not name the file: the caller does. One thread at a time.
#ifndef TFXM_LITERT_INTERNAL_RUNTIME_H_
#define TFXM_LITERT_INTERNAL_RUNTIME_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/litert/internal/litert_api.h"

namespace tfxm::litert {

// A custom operator that shows its inputs to an observer, which is told that they are those of `subgraph`.
struct ObservingOp {
  std::string name;
  TensorObserver* observer = nullptr;
  int subgraph = 0;
};

class Runtime {
 public:
  // INVALID_ARGUMENT: LiteRT cannot read or prepare the model. The message says which operators may be the reason.
  static absl::StatusOr<std::unique_ptr<Runtime>> Create(std::shared_ptr<const ModelFile> file, size_t signature_index,
                                                         const CompiledModelOptions& options,
                                                         std::vector<ObservingOp> operators);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Takes effect with LayOut.
  absl::Status Resize(int input, const Shape& shape);
  // Lets the runtime lay out its tensors. The shapes of the outputs are those that it knows then: of operators behind
  // one whose result's shape only running tells, they are what they were before.
  absl::StatusOr<std::vector<Shape>> LayOut();
  // The outputs' shapes after a run.
  absl::StatusOr<std::vector<Shape>> OutputShapes() { return Shapes(/*lay_out=*/false); }
  absl::Status Run(std::vector<LiteRtTensorBuffer>& inputs, std::vector<LiteRtTensorBuffer>& outputs);

  // Sets variable tensors (an LSTM's state) to zero by laying out anew.
  absl::Status ResetVariables(const std::vector<Shape>& input_shapes);

  bool fully_delegated() const;
  // FAILED_PRECONDITION without CompiledModelOptions::profile.
  absl::Status StartProfiling();
  // The (subgraph, node) of every invocation since. RESOURCE_EXHAUSTED: more than the runtime can note.
  absl::StatusOr<std::vector<std::pair<uint64_t, uint64_t>>> StopProfiling();

  // Why a model cannot be prepared, as far as the file tells.
  const std::string& hint() const { return hint_; }

 private:
  Runtime() = default;
  absl::StatusOr<std::vector<Shape>> Shapes(bool lay_out);
  absl::Status Failed(absl::string_view what) const;

  std::shared_ptr<const ModelFile> file_;
  std::string own_bytes_;  // Only of models with fields that LiteRT's loader must not see.
  size_t signature_index_ = 0;
  size_t num_outputs_ = 0;
  std::string hint_;
  std::vector<ObservingOp> operators_;
  LiteRtModel model_ = nullptr;
  LiteRtOptions options_ = nullptr;
  LiteRtCompiledModel compiled_ = nullptr;
};

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_INTERNAL_RUNTIME_H_

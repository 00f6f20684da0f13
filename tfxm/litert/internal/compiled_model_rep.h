// SPDX-License-Identifier: Apache-2.0

// What a CompiledModel consists of: the runtime, the memory of inputs and outputs, and what has to be put right for a run.
#ifndef TFXM_LITERT_INTERNAL_COMPILED_MODEL_REP_H_
#define TFXM_LITERT_INTERNAL_COMPILED_MODEL_REP_H_

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/litert/internal/catch_outputs.h"
#include "tfxm/litert/internal/runtime.h"
#include "tfxm/litert/internal/tensor_memory.h"

namespace tfxm::litert {

inline bool IsOpenBatch(const TensorSpec& spec) { return !spec.shape.empty() && spec.shape[0] < 0; }

struct CompiledModel::Rep {
  std::shared_ptr<const ModelFile> file;
  std::shared_ptr<const ModelFile> run_file;  // What LiteRT is given of it.
  SignatureInfo signature;
  size_t signature_index = 0;
  std::vector<TensorSpec> inputs, outputs;
  CompiledModelOptions options;

  // What runs: the model itself, or, once it is known that the shapes of its outputs are not, its copy that catches
  // them.
  std::unique_ptr<OutputCatcher> catcher;
  std::unique_ptr<Runtime> runtime;
  bool settled = false;  // Which of both it is.

  std::vector<std::pair<int, std::unique_ptr<TensorMemory>>> memories;  // By tensor
  std::vector<TensorMemory*> input_memory, output_memory;               // As inputs and outputs.
  std::unique_ptr<TensorMemory> done;                                   // The catching model's own output.
  std::vector<LiteRtTensorBuffer> input_handles, output_handles;        // As `runtime` has them.
  bool resized = true;                                                  // Since the last layout.
  bool unwritten = false;                                               // The outputs' memory is marked.
  bool has_state = false;                                               // It has variables, which are to be reset …
  bool ran = false;                                                     // … from the second run on.

  // The same of a tensor that is input and output; but an output of strings, into which the runtime copies, has its own.
  TensorMemory* MemoryOf(const SignatureTensor& tensor);
  bool IsAlsoInput(const TensorMemory* memory) const;
  std::string Where(const char* side, const std::string& name) const;

  std::vector<ObservingOp> Observers() const;

  // Lets the runtime lay out its tensors for the inputs' shapes, and the output buffers follow.
  absl::Status LayOut();
  // Unless Run has to do it, when all sizes are known.
  absl::Status LayOutIfKnown();
  // Without laying out anew. INVALID_ARGUMENT if the input cannot have the shape.
  absl::Status SetInputShape(int i, const Shape& shape);

  absl::Status TakeOutputs(const std::vector<Shape>& shapes);

  absl::Status TakeCaughtOutputs();

  absl::StatusOr<std::vector<Shape>> LaidOutShapes(Runtime& of) const;

  // Decides whether the outputs' shapes are known before running. Must be right before the first run: the runtime
  // writes results whose shapes it did not know past the end of memory that was made for the shapes it reported.
  absl::Status Settle();

  bool HasOpenBatch() const { return std::any_of(inputs.begin(), inputs.end(), IsOpenBatch); }

  // The outputs whose shapes do not change when the batch is one example larger; all, if no input has an open batch.
  // Only an operator that is prepared changes its outputs' shapes, and operators are prepared in turn up to the first
  // whose result is not known.
  absl::StatusOr<std::vector<size_t>> OutputsThatDoNotFollow();

  using Catching = std::pair<std::unique_ptr<OutputCatcher>, std::unique_ptr<Runtime>>;
  // The catching copy, with this model's input shapes.
  absl::StatusOr<Catching> MakeCatching();
  void Catch(Catching catching);
  absl::Status CatchOutputs();

  absl::Status CheckGuards() const;

  // Whether the outputs have the shapes that they were given memory for, and have been written there.
  absl::StatusOr<bool> OutputsAreAsLaidOut();

  // The runtime makes string tensors while it runs.
  absl::Status NoteStringShapes();

  // More room for strings, which tell only by a failed run how much they need. False if there is no such output.
  absl::StatusOr<bool> GrowStrings();

  // As the memories have them now: strings that are set or grow take others.
  void CollectHandles();

  // One run, with all that may have to be put right for it.
  absl::Status Run();
};

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_INTERNAL_COMPILED_MODEL_REP_H_

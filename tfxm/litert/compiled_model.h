// SPDX-License-Identifier: Apache-2.0

// A TFLite model, compiled by LiteRT for the CPU, to be run.
//
//   ASSIGN_OR_RETURN(auto model, litert::CompiledModel::Load(path));
//   RETURN_IF_ERROR(model->ResizeBatch(batch_size));
//   std::ranges::copy(pixels, model->input(0).begin());      // zero copy in and out
//   RETURN_IF_ERROR(model->Run());
//   std::span<const char> scores = model->output(0);
//
// One thread at a time per object; make one per thread (loading takes about a millisecond).
// Loads libLiteRt.so only, nothing of TensorFlow's kernels.
//
// The outputs are those of TFLite's interpreter, also where only running tells their shapes (a RESHAPE to a computed
// shape, NonMaxSuppression, a boolean mask): such models are found out when they are laid out, and run through a copy
// that hands its outputs over as they are made, which costs two copies of each output. A runtime that writes next to
// the memory it was given is an error of Run.
#ifndef TFXM_LITERT_COMPILED_MODEL_H_
#define TFXM_LITERT_COMPILED_MODEL_H_

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"
#include "tfxm/litert/flatbuffer.h"

namespace tfxm::litert {

// Is shown tensors inside a model while it runs: see observe.h, which makes models for it.
class TensorObserver {
 public:
  virtual ~TensorObserver() = default;
  // Input `k` of the observing operator of a subgraph.
  virtual void Observe(int subgraph, int k, const Shape& shape, std::span<const char> bytes) = 0;
  // The runtime has laid out all that the observing operator looks at.
  virtual void Prepared() {}
  static std::string OpName(int subgraph) { return "TfxmObserve" + std::to_string(subgraph); }
};

struct CompiledModelOptions {
  // The signature to run; empty: "serving_default" if there is one, else the first, else the primary subgraph.
  std::string signature;
  int num_threads = 1;
  // XNNPACK's kernels where it has them (what an app gets), unless it cannot prepare an operator that it claims. False:
  // TFLite's built-in kernels only.
  bool xnnpack = true;
  TensorObserver* observer = nullptr;  // Not owned.
  // Of models with variable tensors (the state of an LSTM): whether it lives on from one Run to the next, as in
  // TFLite's interpreter until it is reset. False: every Run begins with zeros, so that no example depends on the one
  // before it.
  bool keep_state = false;
  // Allows RunProfiled. Costs 70 MB for as long as the model exists, and 50 ms to make it.
  bool profile = false;
};

class CompiledModel {
 public:
  // Verifies the flatbuffer before anything of it is used. INVALID_ARGUMENT names the file and what is wrong with it:
  // not a TFLite file, corrupt, a signature that does not exist (it lists those there are), an op LiteRT does not know.
  static absl::StatusOr<std::unique_ptr<CompiledModel>> Load(absl::string_view path,
                                                             const CompiledModelOptions& options = {});
  // The same from a file in memory, which several objects may share.
  static absl::StatusOr<std::unique_ptr<CompiledModel>> Create(std::shared_ptr<const ModelFile> file,
                                                               const CompiledModelOptions& options = {});
  ~CompiledModel();
  CompiledModel(const CompiledModel&) = delete;
  CompiledModel& operator=(const CompiledModel&) = delete;

  const ModelFile& file() const { return *shared_file(); }
  const std::shared_ptr<const ModelFile>& shared_file() const;

  // The signature's inputs and outputs, in the subgraph's order, with the names callers know; -1 for a dynamic
  // dimension.
  const std::vector<TensorSpec>& inputs() const;
  const std::vector<TensorSpec>& outputs() const;
  const Quantization& input_quantization(int i) const;
  const Quantization& output_quantization(int i) const;

  // Gives input `i` a concrete shape; with the second form, every input whose first dimension is dynamic that batch
  // size. Cheap when nothing changes. Dynamic dimensions that have not been given a size are 1. A model whose inputs
  // have others than the batch is laid out only when it runs: sizes that it cannot work on are an error of Run then.
  absl::Status ResizeInput(int i, const Shape& shape);
  absl::Status ResizeBatch(int64_t batch_size);
  // All inputs at once, so that no two sizes that do not go together are tried in between. `shapes` are as many.
  absl::Status ResizeInputs(std::span<const Shape> shapes);

  // The memory of an input, to be written before Run; of an output, to be read after it. Valid until the next resize,
  // that of an output also only until the next Run. Not for strings.
  std::span<char> input(int i);
  std::span<const char> output(int i) const;
  // Strings go in and out whole. `values` are as many as the input's shape says (ResizeInput first).
  absl::Status SetStrings(int i, std::span<const std::string> values);
  std::vector<std::string> Strings(int i) const;
  // Shapes and values of another object's inputs, which has the same.
  absl::Status TakeInputs(const CompiledModel& other);
  // The concrete shape after the last resize; of an output, after the last run.
  const Shape& input_shape(int i) const;
  const Shape& output_shape(int i) const;

  // Computes the outputs from the inputs. INTERNAL says what the runtime reported; DATA_LOSS that it wrote outside of
  // an input's or output's memory, which is named: nothing that this process has computed since can be trusted then.
  absl::Status Run();
  // Whether XNNPACK has taken every operator.
  bool fully_delegated() const;
  // Run, and says which of the file's operators TFLite's own kernels computed, as (subgraph, operator): those that
  // XNNPACK has taken are not among them. FAILED_PRECONDITION without CompiledModelOptions::profile;
  // RESOURCE_EXHAUSTED if there were more operators than the runtime can note (about 2,000).
  absl::StatusOr<std::set<std::pair<int, int>>> RunProfiled();
  // Run with whole tensors by name, resizing as needed: simple, with a copy in and out. Every input must be given, with
  // the right type.
  absl::StatusOr<std::map<std::string, Tensor>> Run(const std::map<std::string, Tensor>& inputs);

 private:
  CompiledModel();
  static absl::StatusOr<std::unique_ptr<CompiledModel>> CreateAsAsked(std::shared_ptr<const ModelFile> file,
                                                                      const CompiledModelOptions& options);
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_COMPILED_MODEL_H_

// SPDX-License-Identifier: Apache-2.0

// For models whose outputs have shapes that only running tells (a RESHAPE to a shape computed with PACK, what
// NonMaxSuppression keeps, a boolean mask): LiteRT's compiled models report the shapes of an earlier layout for them,
// and write as much as there is into memory made for those, or nothing at all. A copy of the model hands its outputs to
// an operator of ours instead, which sees them when they are there. Used by CompiledModel; not for use elsewhere.
#ifndef TFXM_LITERT_INTERNAL_CATCH_OUTPUTS_H_
#define TFXM_LITERT_INTERNAL_CATCH_OUTPUTS_H_

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/data/tensor.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/litert/flatbuffer.h"

namespace tfxm::litert {

inline constexpr char kCatchOutputsOp[] = "TfxmCatchOutputs";

// Whether an operator of the subgraph may be one whose results are laid out only while running: one that reads a shape,
// an index or a number from a tensor which is not constant, or from the values themselves. Conservative: if false, all
// outputs are laid out before.
bool MayHaveDynamicOutputs(const schema::Model& model, int subgraph);

// The model with one operator kCatchOutputsOp at the end of the signature's subgraph, which takes what Tap makes of
// each output but strings. Its result, which has no meaning, is the first output; those of strings follow, as they are:
// the runtime copies them by itself. UNIMPLEMENTED: a model of 2 GB or more.
absl::StatusOr<std::shared_ptr<const ModelFile>> WithCaughtOutputs(const ModelFile& file,
                                                                   const SignatureInfo& signature);

// Takes the outputs of a model made by WithCaughtOutputs, in the signature's order without strings.
class OutputCatcher : public TensorObserver {
 public:
  explicit OutputCatcher(const SignatureInfo& signature);
  struct Output {
    Shape shape;
    std::vector<char> bytes;
    size_t element_size = 0;
  };
  void Observe(int, int k, const Shape&, std::span<const char> bytes) override;
  void Prepared() override { prepared = true; }

  std::vector<Output> outputs;
  // The runtime prepares the operator while it lays out tensors exactly if all before it has a shape then.
  bool prepared = false;
};

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_INTERNAL_CATCH_OUTPUTS_H_

// For models whose outputs have shapes that only running tells (what NonMaxSuppression keeps, a boolean mask, one_hot
// of a computed depth): LiteRT's compiled models cannot be given memory for them. A copy of the model hands its outputs
// to an operator of ours instead, which sees them when they are there. Used by CompiledModel; not for use elsewhere.
#ifndef TFXM_LITERT_CATCH_OUTPUTS_H_
#define TFXM_LITERT_CATCH_OUTPUTS_H_

#include <string>

#include "tfxm/litert/flatbuffer.h"

namespace tfxm::litert {

inline constexpr char kCatchOutputsOp[] = "TfxmCatchOutputs";

// The model with one operator kCatchOutputsOp at the end of the signature's subgraph: its input k is output k of the
// signature, and its own result, which has no meaning, is the only output there is.
std::string WithCaughtOutputs(const ModelFile& file, const SignatureInfo& signature);

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_CATCH_OUTPUTS_H_

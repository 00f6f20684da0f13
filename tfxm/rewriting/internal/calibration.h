// The range of every float activation of a TFLite model over sample inputs.
#ifndef TFXM_REWRITING_INTERNAL_CALIBRATION_H_
#define TFXM_REWRITING_INTERNAL_CALIBRATION_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/rewriting/internal/model_edit.h"
#include "tfxm/rewriting/rewriter_options.h"

namespace tfxm::rewriting {

// Runs the samples on all cores. The result does not depend on their number. INVALID_ARGUMENT names an activation that
// is NaN, or a sample that does not fit the signature.
absl::StatusOr<Ranges> Calibrate(const std::shared_ptr<const litert::ModelFile>& model, const std::string& signature,
                                 const std::vector<Sample>& samples);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_CALIBRATION_H_

// SPDX-License-Identifier: Apache-2.0

// The range of every float activation of a TFLite model over sample inputs.
#ifndef TFXM_REWRITING_INTERNAL_QUANTIZE_CALIBRATION_H_
#define TFXM_REWRITING_INTERNAL_QUANTIZE_CALIBRATION_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/rewriting/internal/convert/model_edit.h"
#include "tfxm/rewriting/representative_data/sample_check.h"
#include "tfxm/rewriting/representative_data/samples.h"
#include "tfxm/rewriting/rewriter_options.h"

namespace tfxm::rewriting {

struct CalibrateOptions {
  Calibration method = Calibration::kMinMax;
  double percentile = 95;    // Of kPercentile
  int levels = 255;          // Of kMse: how many values the quantized type has
  bool in_sequence = false;  // The model keeps state: the samples go in one after the other.
};

struct CalibrationResult {
  Ranges ranges;
  std::vector<size_t> left_out;       // Samples that are not among those the ranges are of
  std::vector<std::string> warnings;  // Why: activation and record
};

// Runs the samples on all cores. The result does not depend on their number. Left out are samples of which an input is NaN
// or infinite, and those with which an activation is, if an output is, too, or if they are outliers. With the others an
// activation's range may be infinite, or NaN at both ends, while the answers are numbers (unquantizable.h).
// INVALID_ARGUMENT: more than half are left out; it names the activation. Likewise a sample that does not fit the
// signature.
absl::StatusOr<CalibrationResult> Calibrate(const std::shared_ptr<const litert::ModelFile>& model,
                                            const std::string& signature, const SampleSet& samples,
                                            const SampleFindings& findings, const CalibrateOptions& options);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_QUANTIZE_CALIBRATION_H_

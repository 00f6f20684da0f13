// SPDX-License-Identifier: Apache-2.0

// What a model has predicted for one example, as BulkInferrer writes it.
#ifndef TFXM_COMPONENTS_BULK_INFERRER_PREDICTIONS_H_
#define TFXM_COMPONENTS_BULK_INFERRER_PREDICTIONS_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfx/proto/bulk_inferrer.pb.h"
#include "tfxm/data/tensor.h"

namespace tfxm {

// By output, each of a row per example.
using Outputs = std::map<std::string, Tensor>;

// A serialized tensorflow.serving.PredictionLog with a predict_log, as tfx_bsl's RunInference makes it: the serialized
// example is the request's only input, `input`; the response has the row `row` of each output, with a batch of one.
// UNIMPLEMENTED names an output of a type that TensorProtos have no place for.
absl::StatusOr<std::string> MakePredictionLog(absl::string_view signature_name, absl::string_view input,
                                              absl::string_view example, const Outputs& outputs, int row);

// INVALID_ARGUMENT unless it says, for a single signature that predicts, which outputs become which features.
absl::Status CheckOutputExampleSpec(const tfx::components::bulkinferrer::OutputExampleSpec& spec,
                                    absl::string_view signature_name);

// The example with the row's outputs as more features: serialized, with the features in the order of their names.
// INVALID_ARGUMENT names an output that is not there or is a matrix, and a feature that the example has already.
absl::StatusOr<std::string> AddPredictions(const tfx::components::bulkinferrer::OutputExampleSpec& spec,
                                           absl::string_view example, const Outputs& outputs, int row);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_BULK_INFERRER_PREDICTIONS_H_

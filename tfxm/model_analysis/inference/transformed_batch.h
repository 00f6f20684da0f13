// SPDX-License-Identifier: Apache-2.0

// Features as a model's preprocessing functions (ModelSpec.preprocessing_function_names) leave them: the examples with
// some features replaced or added. Labels, weights, slices and features of metrics are looked up here; the model itself
// sees the examples as they are.
#ifndef TFXM_MODEL_ANALYSIS_INFERENCE_TRANSFORMED_BATCH_H_
#define TFXM_MODEL_ANALYSIS_INFERENCE_TRANSFORMED_BATCH_H_

#include "tfxm/data/example_batch.h"
#include "tfxm/model_analysis/pass/extracts.h"

namespace tfxm::model_analysis {

// Makes `result` the examples of `batch`, column by column, but for their bytes. Of features of the same name in
// `transformed`, the first counts. Numbers with a fraction become single precision, as features are.
void MakeTransformedBatch(const data::ExampleBatch& batch, const NamedValues& transformed, data::ExampleBatch* result);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_INFERENCE_TRANSFORMED_BATCH_H_

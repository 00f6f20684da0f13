// Inputs for a model: read from tf.Examples, or made up.
#ifndef TFXM_REWRITING_SAMPLES_H_
#define TFXM_REWRITING_SAMPLES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/data/tensor.h"
#include "tfxm/rewriting/rewriter_options.h"

namespace tfxm::rewriting {

// One sample per example, the first dimension 1 where it is dynamic: the dataset's samples, or `sample_size` of its
// examples (all, if there are no more), the choice fixed by the seed whatever the files' number and order of reading.
// Each feature with an input's name, transformed or raw, gives that input; two dynamic dimensions after the first are a
// square image's. INVALID_ARGUMENT names a feature that is missing, or has another number of values or another type
// than the input; NOT_FOUND a glob that matches nothing.
absl::StatusOr<std::vector<Sample>> ReadSamples(const RepresentativeDataset& dataset,
                                                const std::vector<TensorSpec>& inputs);

// `rows` rows of values in [-1, 1), small whole numbers for integers; dynamic dimensions after the first become 8. The
// same for the same inputs. UNIMPLEMENTED for strings.
absl::StatusOr<Sample> RandomSample(const std::vector<TensorSpec>& inputs, int rows);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_SAMPLES_H_

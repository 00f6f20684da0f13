// SPDX-License-Identifier: Apache-2.0

// Inputs for a model: read from tf.Examples, or made up.
#ifndef TFXM_REWRITING_REPRESENTATIVE_DATA_SAMPLES_H_
#define TFXM_REWRITING_REPRESENTATIVE_DATA_SAMPLES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/data/input_shape.h"
#include "tfxm/data/tensor.h"
#include "tfxm/rewriting/rewriter_options.h"

namespace tfxm::rewriting {

struct SampleSet {
  std::vector<Sample> samples;
  // Where each comes from: "record 57 of data.tfrecord", "sample 3".
  std::vector<std::string> names;
  // Of each whether CheckSamples (sample_check.h) found an outlier in it; empty before.
  std::vector<char> outlier;
  std::vector<std::string> warnings;  // What is odd about the examples that they are made of.
};

struct ReadSamplesOptions {
  // The sizes of inputs by name, -1 or missing where they are to come from the data.
  InputShapes input_shapes;
  // The first `sample_size` records in their order, for a model that keeps state, instead of any.
  bool in_sequence = false;
};

// One sample per example, the first dimension 1 where it is dynamic: the dataset's samples, or `sample_size` of its
// examples (all, if there are no more), the choice fixed by the seed whatever the files' number and order of reading.
// Each feature with an input's name, transformed or raw, gives that input; two dynamic dimensions after the first that
// no option tells are a square image's. Of a signature whose batch is fixed at N > 1, a sample has N examples; the last
// is filled up with its last example. INVALID_ARGUMENT names record and feature: one that is missing, or has another
// number of values or another type than the input; the features that the transform graph takes if no example has any of
// them (of one that is never there, which it may be made for, a warning); NOT_FOUND a glob that matches nothing.
absl::StatusOr<SampleSet> ReadSamples(const RepresentativeDataset& dataset, const std::vector<TensorSpec>& inputs,
                                      const ReadSamplesOptions& options = {});

// `rows` rows of values in [-1, 1), small whole numbers for integers; dynamic dimensions after the first are those of
// `input_shapes`, or 8. The same for the same inputs. UNIMPLEMENTED for strings.
absl::StatusOr<Sample> RandomSample(const std::vector<TensorSpec>& inputs, int rows,
                                    const InputShapes& input_shapes = {});

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_REPRESENTATIVE_DATA_SAMPLES_H_

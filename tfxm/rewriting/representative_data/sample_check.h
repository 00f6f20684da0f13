// SPDX-License-Identifier: Apache-2.0

// What is wrong with representative data: values that are not numbers, outliers, features in two units, columns whose
// ranges are too far apart to share one scale.
//
//   ASSIGN_OR_RETURN(SampleSet samples, ReadSamples(dataset, signature.inputs));
//   const SampleFindings findings = CheckSamples(samples, signature.inputs);
//   findings.warnings;     // "feature "x" is up to 3000 in 1 of 100 examples (record 7 of data.tfrecord), …"
#ifndef TFXM_REWRITING_REPRESENTATIVE_DATA_SAMPLE_CHECK_H_
#define TFXM_REWRITING_REPRESENTATIVE_DATA_SAMPLE_CHECK_H_

#include <string>
#include <vector>

#include "tfxm/data/tensor.h"
#include "tfxm/rewriting/representative_data/samples.h"

namespace tfxm::rewriting {

struct SampleFindings {
  std::vector<std::string> warnings;  // Each names feature and records.
  std::vector<char> outlier;          // By sample
  std::vector<char> not_finite;       // By sample: an input is NaN or infinite.
  bool has_outliers() const;
  bool has_not_finite() const;
};

SampleFindings CheckSamples(const SampleSet& samples, const std::vector<TensorSpec>& inputs);

// "record 1 of a, record 2 of a and 7 more"
std::string NamesOf(const SampleSet& samples, const std::vector<size_t>& which);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_REPRESENTATIVE_DATA_SAMPLE_CHECK_H_

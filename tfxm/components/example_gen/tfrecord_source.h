// SPDX-License-Identifier: Apache-2.0

// The records of TFRecord files, plain or gzip, as they are.
//
//   const std::unique_ptr<data::ExampleSource> source = OpenTFRecords({"train-00000-of-00002.gz", …});
#ifndef TFXM_COMPONENTS_EXAMPLE_GEN_TFRECORD_SOURCE_H_
#define TFXM_COMPONENTS_EXAMPLE_GEN_TFRECORD_SOURCE_H_

#include <memory>
#include <string>
#include <vector>

#include "tfxm/data/example_source.h"

namespace tfxm {

// What they are is not looked at; sequence_examples: whether they may be tf.SequenceExamples, for who does.
std::unique_ptr<data::ExampleSource> OpenTFRecords(std::vector<std::string> files, bool sequence_examples = false);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_EXAMPLE_GEN_TFRECORD_SOURCE_H_

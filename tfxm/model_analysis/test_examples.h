// SPDX-License-Identifier: Apache-2.0

// Examples and configs for tests.
#ifndef TFXM_MODEL_ANALYSIS_TEST_EXAMPLES_H_
#define TFXM_MODEL_ANALYSIS_TEST_EXAMPLES_H_

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfxm/testing/example_builder.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm::model_analysis {

// Examples of MNIST and a TFLite model of them (testdata/README.md).
inline constexpr char kMnistData[] = "tfxm/model_analysis/testdata/mnist/data.tfrecord.gz";
inline constexpr char kMnistModel[] = "tfxm/model_analysis/testdata/mnist/tflite";

inline ::tensorflow_model_analysis::EvalConfig Config(const std::string& text) {
  ::tensorflow_model_analysis::EvalConfig config;
  if (!google::protobuf::TextFormat::ParseFromString(text, &config)) std::abort();
  return config;
}

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_TEST_EXAMPLES_H_

// SPDX-License-Identifier: Apache-2.0

// A fixture for tests of quantization: small SavedModels, rewritten.
#ifndef TFXM_REWRITING_TEST_QUANTIZATION_H_
#define TFXM_REWRITING_TEST_QUANTIZATION_H_

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm::rewriting::testing {

class QuantizationTest : public ::testing::Test {
 protected:
  // A SavedModel of one input x [None, columns] and what `body` makes of it.
  template <typename Fn>
  std::string Model(int64_t columns, const Fn& body) {
    ops::Graph graph;
    const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, columns}, "x");
    SavedModelBuilder builder;
    builder.AddSignature("serving_default", {{"x", x}}, {{"y", body(graph, x)}});
    const std::string dir = io::JoinPath(root_, "model");
    EXPECT_EQ(io::RemoveAll(dir), absl::OkStatus());
    EXPECT_EQ(builder.Write(dir), absl::OkStatus());
    return dir;
  }
  RewriteReport Rewrite(const std::string& src, RewriterOptions options, absl::Status* status) {
    options.name = "case";
    TfliteRewriter rewriter(options);
    *status = RewriteSavedModel(src, io::JoinPath(root_, "out"), rewriter, ModelType::kTfliteModel);
    return rewriter.report();
  }
  static RewriterOptions Int8(std::vector<Sample> samples) {
    RewriterOptions options{.quantization = QuantizationMode::kInt8};
    options.representative_dataset.samples = std::move(samples);
    return options;
  }

  const TempDir temporary_;
  const std::string& root_ = temporary_.path();
};

}  // namespace tfxm::rewriting::testing

#endif  // TFXM_REWRITING_TEST_QUANTIZATION_H_

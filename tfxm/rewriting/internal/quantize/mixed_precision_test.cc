// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/mixed_precision.h"

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/litert/test_models.h"
#include "tfxm/rewriting/internal/quantize/calibration.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/util/exit_status.h"

namespace tfxm::rewriting {
namespace {

using litert::testing::ModelBuilder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MixedPrecisionTest : public ::testing::Test {
 protected:
  // A chain of dense layers "dense_0", "dense_1", …
  void Make(int num_layers) {
    ModelBuilder b;
    int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 4});
    const int input = x;
    for (int i = 0; i < num_layers; ++i) {
      const Tensor weights = testing::Weights({4, 4}, 1, i);
      const auto values = weights.values<float>();
      const int w = b.Constant<float>(absl::StrCat("w", i), schema::TensorType_FLOAT32, {4, 4},
                                      std::vector<float>(values.begin(), values.end()));
      const int bias =
          b.Constant<float>(absl::StrCat("bias", i), schema::TensorType_FLOAT32, {4}, {0.5, -0.5, 0.25, 1});
      const int y = b.Tensor(absl::StrCat("dense_", i), schema::TensorType_FLOAT32, {-1, 4});
      b.Op(schema::BuiltinOperator_FULLY_CONNECTED, schema::FullyConnectedOptionsT(), {x, w, bias}, {y});
      x = y;
    }
    b.InputsOutputs({input}, {x});
    b.Signature("s", {{"x", input}}, {{"y", x}});
    const FilePtr model = *litert::ModelFile::FromBytes(b.Finish(), "float");
    std::vector<Sample> samples;
    for (int i = 0; i < 10; ++i) samples.push_back({{"x", testing::Weights({1, 4}, 2, 100 + i)}});
    auto calibrated = Calibrate(model, "s", {samples, std::vector<std::string>(samples.size())}, {}, {});
    ASSERT_TRUE(calibrated.ok()) << calibrated.status();
    quantizer_ = std::make_unique<Quantizer>(model, "s", "mixed", samples, QuantizeOptions());
    ASSERT_EQ(quantizer_->SetRangesOf(calibrated->ranges), absl::OkStatus());
  }
  // The type that a layer's operator makes.
  static int TypeOf(const FilePtr& file, const std::string& layer) {
    const schema::SubGraph& graph = *file->model().subgraphs()->Get(0);
    int type = -1;
    for (const auto* op : litert::Each(graph.operators())) {
      if (litert::OpName(file->model(), *op) != "FULLY_CONNECTED") continue;
      const auto* made = graph.tensors()->Get(op->outputs()->Get(0));
      if (litert::NameOf(*made) == layer || litert::NameOf(*made) == layer + "1") type = made->type();
    }
    return type;
  }
  int NumNotInt8(const FilePtr& file, int num_layers) const {
    int n = 0;
    for (int i = 0; i < num_layers; ++i) n += TypeOf(file, absl::StrCat("dense_", i)) != schema::TensorType_INT8;
    return n;
  }
  absl::StatusOr<MixedPrecision> Mix(const std::function<bool(const FilePtr&)>& fits, size_t most = 1000) {
    num_tried_ = 0;
    return MixPrecisions(
        *quantizer_,
        [&](const FilePtr& model) {
          ++num_tried_;
          return fits(model) ? absl::OkStatus() : AnswerIsNo("it does not fit");
        },
        most);
  }
  static std::vector<std::string> Describe(const MixedPrecision& mixed) {
    std::vector<std::string> out;
    for (const LayerChoice& choice : mixed.choices) {
      out.push_back(absl::StrCat(choice.tensor, choice.in_float ? " float" : " int16"));
    }
    return out;
  }

  std::unique_ptr<Quantizer> quantizer_;
  int num_tried_ = 0;
};

TEST_F(MixedPrecisionTest, OnlyWhatIsNeededLeavesInt8AndOnlyWhatMustGoesToFloat) {
  Make(6);
  const auto int16 = Mix([](const FilePtr& model) { return TypeOf(model, "dense_2") == schema::TensorType_INT16; });
  ASSERT_TRUE(int16.ok()) << int16.status();
  EXPECT_THAT(Describe(*int16), ElementsAre("dense_2 int16"));
  EXPECT_THAT(int16->choices[0].why, AllOf(HasSubstr("in int8 "), HasSubstr(", in int16 ")));
  EXPECT_EQ(TypeOf(int16->model, "dense_2"), schema::TensorType_INT16);

  const auto again = Mix([](const FilePtr& model) { return TypeOf(model, "dense_2") == schema::TensorType_INT16; });
  EXPECT_EQ(again->model->bytes() == int16->model->bytes(), true);

  const auto in_float = Mix([](const FilePtr& model) {
    return TypeOf(model, "dense_2") == schema::TensorType_FLOAT32 &&
           TypeOf(model, "dense_4") == schema::TensorType_INT16;
  });
  ASSERT_TRUE(in_float.ok()) << in_float.status();
  EXPECT_THAT(Describe(*in_float), ::testing::UnorderedElementsAre("dense_2 float", "dense_4 int16"));

  const auto none = Mix([](const FilePtr& model) { return true; });
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->choices.empty());
  EXPECT_EQ(num_tried_, 1);
}

TEST_F(MixedPrecisionTest, OfManyLayersMoreAreTakenAtATime) {
  constexpr int kLayers = 24, kNeeded = 18;
  const int bound = kOneByOne + 2 * static_cast<int>(std::ceil(std::log2(2 * kLayers)));
  Make(kLayers);
  const auto fits = [&](const FilePtr& model) { return NumNotInt8(model, kLayers) >= kNeeded; };
  const auto mixed = Mix(fits);
  ASSERT_TRUE(mixed.ok()) << mixed.status();
  EXPECT_NEAR(static_cast<double>(mixed->choices.size()), kNeeded, 1);  // One may have integers of another name.
  EXPECT_LE(num_tried_, bound);
  const auto never = Mix([](const FilePtr& model) { return false; });
  EXPECT_EQ(never.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_LE(num_tried_, bound);
  EXPECT_THAT(std::string(Mix(fits, /*most=*/10).status().message()),
              HasSubstr("with 10 layers in int16 or float the limits are not met"));
}

}  // namespace
}  // namespace tfxm::rewriting

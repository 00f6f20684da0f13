// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/representative_data/samples.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/transform/transform_graph.h"
#include "tfxm/util/io.h"

namespace tfxm::rewriting {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SamplesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto writer = data::TFRecordWriter::Create(Path("data.gz")).value();
    for (int i = 0; i < 3; ++i) {
      tensorflow::Example example;
      auto& features = *example.mutable_features()->mutable_feature();
      for (float value : {0.0f, 10.0f * i}) features["x"].mutable_float_list()->add_value(value);
      for (int k = 0; k < 12; ++k) features["image"].mutable_int64_list()->add_value(k);
      features["word"].mutable_bytes_list()->add_value("w");
      records_.push_back(example.SerializeAsString());
      ASSERT_EQ(writer->Write(records_.back()), absl::OkStatus());
    }
    ASSERT_EQ(writer->Close(), absl::OkStatus());
    dataset_.examples = Path("data.gz");
  }
  std::string Path(absl::string_view name) const { return io::JoinPath(root_, name); }
  std::string Error(const std::vector<TensorSpec>& inputs) {
    return std::string(ReadSamples(dataset_, inputs).status().message());
  }

  const TempDir temporary_;
  const std::string& root_ = temporary_.path();
  std::vector<std::string> records_;
  RepresentativeDataset dataset_;
};

TEST_F(SamplesTest, TransformedFeaturesComeThroughTheGraph) {
  tensorflow::metadata::v0::Schema schema;
  ASSERT_EQ(io::ParseTextProto(R"pb(
                                 feature {
                                   name: "x"
                                   type: FLOAT
                                   presence { min_fraction: 1 min_count: 1 }
                                   shape { dim { size: 2 } }
                                 }
                                 feature {
                                   name: "word"
                                   type: BYTES
                                   presence { min_fraction: 1 min_count: 1 }
                                   shape {}
                                 }
                               )pb",
                               &schema),
            absl::OkStatus());
  ASSERT_EQ(io::MakeDirs(Path("assets")), absl::OkStatus());
  auto graph = transform::TransformGraph::Analyze(
      [](const tft::TensorMap& inputs) -> absl::StatusOr<tft::TensorMap> {
        return tft::TensorMap{{"x_xf", tft::scale_by_min_max(inputs["x"], 0, 1)}};
      },
      schema, {Path("data.gz")}, {.assets_dir = Path("assets")});
  ASSERT_TRUE(graph.ok()) << graph.status();
  ASSERT_EQ((*graph)->Write(Path("graph")), absl::OkStatus());
  const std::vector<TensorSpec> inputs = {{"x_xf", DataType::kFloat, {-1, 2}}};
  EXPECT_THAT(Error(inputs),
              AllOf(HasSubstr("no feature \"x_xf\""), HasSubstr("\"word\""), HasSubstr("transform graph")));

  dataset_.transform_graph = Path("graph");
  auto samples = ReadSamples(dataset_, inputs);
  ASSERT_TRUE(samples.ok()) << samples.status();
  ASSERT_EQ(samples->samples.size(), 3);
  std::vector<float> seconds;
  for (const Sample& sample : samples->samples) {
    EXPECT_EQ(sample.at("x_xf").shape(), (Shape{1, 2}));
    EXPECT_EQ(sample.at("x_xf").values<float>()[0], 0);
    seconds.push_back(sample.at("x_xf").values<float>()[1]);
  }
  EXPECT_THAT(seconds, ::testing::UnorderedElementsAre(0, 0.5, 1));
  EXPECT_THAT(Error({{"y_xf", DataType::kFloat, {-1, 2}}}), AllOf(HasSubstr("\"y_xf\""), HasSubstr("\"x_xf\"")));
}

// What a graph makes of nothing are constants, which would calibrate all to nothing.
TEST_F(SamplesTest, ExamplesWithoutWhatTheTransformGraphTakesAreAnError) {
  const auto with_raw = [&](const std::string& features) {
    tensorflow::metadata::v0::Schema schema;
    EXPECT_EQ(io::ParseTextProto(features, &schema), absl::OkStatus());
    const auto preprocessing_fn = [](const tft::TensorMap& inputs) -> absl::StatusOr<tft::TensorMap> {
      return tft::TensorMap{{"xf", tft::fill_in_missing(inputs["n1"], 7)}};
    };
    const auto graph = transform::TransformGraph::Analyze(preprocessing_fn, schema, {Path("data.gz")});
    EXPECT_TRUE(graph.ok()) << graph.status();
    const std::string dir = Path(absl::StrCat("graph", features.size()));
    EXPECT_EQ((*graph)->Write(dir), absl::OkStatus());
    dataset_.transform_graph = dir;
    return ReadSamples(dataset_, {{"xf", DataType::kFloat, {-1, 1}}});
  };
  EXPECT_THAT(std::string(with_raw("feature { name: 'n1' type: FLOAT }").status().message()),
              AllOf(HasSubstr("no example in"), HasSubstr("features that the transform graph takes: n1; they have "),
                    HasSubstr("are these the raw examples?")));
  const auto some = with_raw("feature { name: 'n1' type: FLOAT } feature { name: 'word' type: BYTES }");
  ASSERT_TRUE(some.ok()) << some.status();
  EXPECT_THAT(some->warnings, ElementsAre(HasSubstr("no example has feature \"n1\", which the transform graph takes")));
}

TEST_F(SamplesTest, SerializedExamplesAreTheExamples) {
  auto samples = ReadSamples(dataset_, {{"examples", DataType::kString, {-1}}});
  ASSERT_TRUE(samples.ok()) << samples.status();
  for (const Sample& sample : samples->samples)
    EXPECT_THAT(records_, ::testing::Contains(sample.at("examples").strings()[0]));
  EXPECT_EQ(ReadSamples(dataset_, {{"word", DataType::kString, {-1}}})->samples[0].at("word").strings()[0], "w");
}

// As the evaluation of the rewritten model feeds it (data/feature_tensor.h).

TEST_F(SamplesTest, AnInputWithKerassSuffixIsFedWithItsFeature) {
  auto samples = ReadSamples(dataset_, {{"x_input", DataType::kFloat, {-1, 2}}}, {.in_sequence = true});
  ASSERT_TRUE(samples.ok()) << samples.status();
  EXPECT_THAT(samples->samples[1].at("x_input").values<float>(), ElementsAre(0, 10));
}

TEST_F(SamplesTest, FloatsForAnIntegerInputAreAnErrorThatNamesTheRecord) {
  EXPECT_THAT(Error({{"x", DataType::kInt32, {-1, 2}}}),
              AllOf(HasSubstr("record "), HasSubstr("\"x\" is FLOAT; expected 2 of type int32"),
                    HasSubstr("no way to quantize")));
}

TEST_F(SamplesTest, AnIntegerThatAnInputCannotHoldIsAnErrorThatNamesTheRecord) {
  tensorflow::Example example;
  auto& values = *(*example.mutable_features()->mutable_feature())["n"].mutable_int64_list();
  for (int64_t value : {-5, 300}) values.add_value(value);
  auto writer = data::TFRecordWriter::Create(Path("large")).value();
  ASSERT_EQ(writer->Write(example.SerializeAsString()), absl::OkStatus());
  ASSERT_EQ(writer->Close(), absl::OkStatus());
  dataset_.examples = Path("large");
  EXPECT_THAT(Error({{"n", DataType::kUint8, {-1, 2}}}),
              AllOf(HasSubstr("record 0"), HasSubstr("\"n\" has -5, which uint8 cannot hold")));
}

TEST_F(SamplesTest, AMissingFeatureIsNotMadeUp) {
  EXPECT_THAT(Error({{"y", DataType::kFloat, {-1, 2}}}), AllOf(HasSubstr("record "), HasSubstr("no feature \"y\"")));
  // A serialized example is for a model that takes nothing else.
  EXPECT_THAT(Error({{"x", DataType::kFloat, {-1, 2}}, {"text", DataType::kString, {-1}}}),
              HasSubstr("no feature \"text\""));
}

TEST_F(SamplesTest, AnImageOfAnySizeIsSquare) {
  auto samples = ReadSamples(dataset_, {{"image", DataType::kUint8, {-1, -1, -1, 3}}});
  ASSERT_TRUE(samples.ok()) << samples.status();
  EXPECT_EQ(samples->samples[0].at("image").shape(), (Shape{1, 2, 2, 3}));
  EXPECT_EQ(samples->samples[0].at("image").values<uint8_t>()[11], 11);
  EXPECT_THAT(Error({{"image", DataType::kUint8, {-1, -1, -1, 2}}}), HasSubstr("not a square image"));
  EXPECT_THAT(Error({{"image", DataType::kUint8, {-1, -1, -1, -1}}}), HasSubstr("do not tell its sizes"));
}

TEST_F(SamplesTest, AnImageThatIsNotSquareTakesTheGivenSizes) {
  auto samples = ReadSamples(dataset_, {{"image", DataType::kUint8, {-1, -1, -1, 2}}},
                             {.input_shapes = {{"image", {1, 3, 2, 2}}}});
  ASSERT_TRUE(samples.ok()) << samples.status();
  EXPECT_EQ(samples->samples[0].at("image").shape(), (Shape{1, 3, 2, 2}));
  auto made_up = RandomSample({{"image", DataType::kFloat, {-1, -1, -1, 2}}}, 4, {{"image", {1, 3, 5, 2}}});
  ASSERT_TRUE(made_up.ok()) << made_up.status();
  EXPECT_EQ(made_up->at("image").shape(), (Shape{4, 3, 5, 2}));
}

TEST_F(SamplesTest, AFixedBatchIsFilledWithSoManyExamples) {
  auto samples = ReadSamples(dataset_, {{"x", DataType::kFloat, {2, 2}}}, {.in_sequence = true});
  ASSERT_TRUE(samples.ok()) << samples.status();
  ASSERT_EQ(samples->samples.size(), 2);
  EXPECT_THAT(samples->samples[0].at("x").values<float>(), ElementsAre(0, 0, 0, 10));
  EXPECT_THAT(samples->samples[1].at("x").values<float>(), ElementsAre(0, 20, 0, 20));
  EXPECT_THAT(samples->names, ElementsAre("record 0 of data.gz to record 1 of data.gz", "record 2 of data.gz"));
}

}  // namespace
}  // namespace tfxm::rewriting

// SPDX-License-Identifier: Apache-2.0

// Where models disagree, as Evaluate finds it.
#include "tfxm/model_analysis/disagreement/disagreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "google/protobuf/struct.pb.h"
#include "tfxm/model_analysis/disagreement/image_feature.h"
#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/model_analysis/test_examples.h"

namespace tfxm::model_analysis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kTwoModels[] = R"pb(
  model_specs { name: "old" label_key: "label" prediction_key: "old" }
  model_specs { name: "new" label_key: "label" prediction_key: "new" }
  slicing_specs {}
  slicing_specs { feature_keys: "device" }
  metrics_specs { metrics { class_name: "ExampleCount" } }
)pb";

class DisagreementTest : public testing::Test {
 protected:
  Disagreements Run(const std::vector<std::string>& records, int max_examples = 100,
                    const std::string& config = kTwoModels) {
    EvaluateOptions options;
    options.eval_config = Config(config);
    options.files = {WriteRecords(dir_ / "data.gz", records)};
    options.output_dir = dir_ / "out";
    options.replace_output = true;
    options.max_disagreements = max_examples;
    auto result = Evaluate(options);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? std::move(result->disagreements) : Disagreements();
  }
  google::protobuf::Struct Json() {
    google::protobuf::Struct json;
    EXPECT_TRUE(io::ParseJson(*io::ReadFile(dir_ / "out/disagreements.json"), &json).ok());
    return json;
  }
  TempDir dir_;
};

// Three classes: the models agree except on every 10th example, and there by more the later it comes.
std::vector<std::string> Classified(int n) {
  std::vector<std::string> records;
  for (int i = 0; i < n; ++i) {
    const bool differ = i % 10 == 3;
    const float margin = 0.1f + 0.3f * static_cast<float>(i) / static_cast<float>(n);
    records.push_back(ExampleBuilder()
                          .Ints("label", {0})
                          .Ints("id", {i})
                          .Bytes("device", {differ || i % 20 == 0 ? "phone"
                                            : i % 2 == 0          ? "tablet"
                                                                  : "desktop"})
                          .Floats("old", {0.6f, 0.2f, 0.2f})
                          .Floats("new", differ ? std::vector<float>{0.4f - margin, 0.5f + margin, 0.1f}
                                                : std::vector<float>{0.5f, 0.3f, 0.2f})
                          .Serialize());
  }
  return records;
}

TEST_F(DisagreementTest, ClassifiersDisagreeWhereTheyDecideDifferently) {
  const std::vector<std::string> records = Classified(200);
  const Disagreements d = Run(records);
  EXPECT_TRUE(d.searched);
  EXPECT_TRUE(d.by_decision);
  EXPECT_EQ(d.total, 20);
  ASSERT_EQ(d.examples.size(), 20u);
  EXPECT_EQ(d.examples[0].index, 193);
  EXPECT_EQ(d.examples[19].index, 3);
  for (size_t i = 1; i < d.examples.size(); ++i) EXPECT_LE(d.examples[i].distance, d.examples[i - 1].distance);
  EXPECT_THAT(d.examples[0].slices, ElementsAre(SliceKey{{"device", "phone"}}));
}

TEST_F(DisagreementTest, TheExamplesAreKeptAsTheyWere) {
  const std::vector<std::string> records = Classified(200);
  const Disagreements d = Run(records, /*max_examples=*/7);
  EXPECT_EQ(d.total, 20);
  const std::vector<std::string> kept = ReadRecords(dir_ / "out/disagreements.tfrecord.gz");
  ASSERT_EQ(kept.size(), 7u);
  for (size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i], records[d.examples[i].index]);
}

TEST_F(DisagreementTest, NoneNeedBeKept) {
  EXPECT_EQ(Run(Classified(200), 0).total, 20);
  EXPECT_FALSE(io::Exists(dir_ / "out/disagreements.tfrecord.gz"));
  EXPECT_EQ(Json().fields().at("total").number_value(), 20);
  EXPECT_FALSE(Run(Classified(200), -1).searched);
  EXPECT_FALSE(io::Exists(dir_ / "out/disagreements.json"));
}

TEST_F(DisagreementTest, ModelsThatAgreeSaySo) {
  std::vector<std::string> records;
  for (const std::string& record : Classified(40)) {
    if (records.size() % 10 != 3) records.push_back(record);
    if (records.size() == 3) break;
  }
  EXPECT_EQ(Run(records).total, 0);
  EXPECT_EQ(Json().fields().at("total").number_value(), 0);
  EXPECT_FALSE(io::Exists(dir_ / "out/disagreements.tfrecord.gz"));
}

// Of three models, which one it is; and one that only rounds is the same, whatever its class labels say.
TEST_F(DisagreementTest, EachModelsShareIsCounted) {
  std::vector<std::string> records;
  for (int i = 0; i < 30; ++i) {
    const float other = i % 3 == 0 ? 0.25f : 0.75f;
    records.push_back(ExampleBuilder()
                          .Ints("label", {1})
                          .Floats("old", {1.0f})
                          .Floats("new", {other})
                          .Floats("rounded", {1.0f - 1e-7f})
                          .Serialize());
  }
  const Disagreements d = Run(records, 100, R"pb(
    model_specs { name: "old" label_key: "label" prediction_key: "old" }
    model_specs { name: "new" label_key: "label" prediction_key: "new" }
    model_specs { name: "rounded" label_key: "label" prediction_key: "rounded" }
    slicing_specs {}
    metrics_specs { metrics { class_name: "MeanAbsoluteError" } }
  )pb");
  EXPECT_TRUE(d.by_decision);
  EXPECT_EQ(d.total, 10);
  EXPECT_THAT(d.disagreeing, ElementsAre(0, 10, 0));
  EXPECT_THAT(d.differing, ElementsAre(0, 30, 0));
  const auto models = Json().fields().at("models").struct_value().fields();
  EXPECT_EQ(models.at("new").struct_value().fields().at("disagreeing").number_value(), 10);
  EXPECT_EQ(models.at("rounded").struct_value().fields().at("differing").number_value(), 0);
}

TEST_F(DisagreementTest, OverRepresentedSlicesAreThoseBeyondChance) {
  const Disagreements d = Run(Classified(200));
  ASSERT_EQ(d.slices.size(), 1u);
  EXPECT_EQ(d.slices[0].slice, (SliceKey{{"device", "phone"}}));
  EXPECT_EQ(d.slices[0].disagreeing, 20);
  EXPECT_EQ(d.slices[0].examples, 30);
  // scipy.stats.hypergeom.sf(19, 200, 20, 30), and three slices.
  EXPECT_NEAR(d.slices[0].p_value / 1.8620006437857317e-20, 1, 1e-9);
  EXPECT_NEAR(d.slices[0].adjusted_p_value, 3 * d.slices[0].p_value, 1e-30);
}

TEST_F(DisagreementTest, TiesGoToTheExampleThatComesFirst) {
  std::vector<std::string> records;
  for (int i = 0; i < 50; ++i) {
    records.push_back(
        ExampleBuilder().Ints("label", {1}).Ints("id", {i}).Floats("old", {0.75f}).Floats("new", {0.25f}).Serialize());
  }
  const Disagreements d = Run(records, 3);
  ASSERT_EQ(d.examples.size(), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(d.examples[i].index, i);
}

TEST_F(DisagreementTest, OneScoreIsADecisionAtOneHalfIfTheLabelsAreBinary) {
  const Disagreements d = Run({
      ExampleBuilder().Ints("label", {0}).Floats("old", {0.4f}).Floats("new", {0.45f}).Serialize(),
      ExampleBuilder().Ints("label", {1}).Floats("old", {0.4f}).Floats("new", {0.55f}).Serialize(),
  });
  EXPECT_TRUE(d.by_decision);
  ASSERT_EQ(d.examples.size(), 1u);
  EXPECT_EQ(d.examples[0].index, 1);
  const auto json = Json();
  const auto& example = json.fields().at("examples").list_value().values(0).struct_value().fields();
  EXPECT_EQ(example.at("label").number_value(), 1);
  EXPECT_EQ(example.at("predictions").struct_value().fields().at("old").number_value(), 0);
  EXPECT_EQ(example.at("predictions").struct_value().fields().at("new").number_value(), 1);
  EXPECT_NEAR(example.at("scores").struct_value().fields().at("old").number_value(), 0.6, 1e-6);
}

TEST_F(DisagreementTest, NumbersThatAreNoScoresDisagreeByMoreThanRounding) {
  const Disagreements d = Run({
      ExampleBuilder().Floats("label", {10}).Floats("old", {10}).Floats("new", {10.0001f}).Serialize(),
      ExampleBuilder().Floats("label", {10}).Floats("old", {10}).Floats("new", {11}).Serialize(),
      ExampleBuilder().Floats("label", {10}).Floats("old", {10}).Floats("new", {7}).Serialize(),
  });
  EXPECT_FALSE(d.by_decision);
  EXPECT_EQ(d.total, 2);
  ASSERT_EQ(d.examples.size(), 2u);
  EXPECT_EQ(d.examples[0].index, 2);
  EXPECT_EQ(d.examples[0].distance, 3);
}

TEST_F(DisagreementTest, SeveralLabelsAtOnceAreNoDecision) {
  const Disagreements d = Run({
      ExampleBuilder()
          .Ints("label", {1, 1, 0})
          .Floats("old", {0.9f, 0.8f, 0})
          .Floats("new", {0.8f, 0.9f, 0})
          .Serialize(),
  });
  EXPECT_FALSE(d.by_decision);
  EXPECT_EQ(d.total, 1);
}

TEST_F(DisagreementTest, OneHotLabelsAreClasses) {
  Run({ExampleBuilder()
           .Ints("label", {0, 0, 1})
           .Floats("old", {0.1f, 0.2f, 0.7f})
           .Floats("new", {0.5f, 0.2f, 0.3f})
           .Serialize()});
  const auto json = Json();
  const auto& example = json.fields().at("examples").list_value().values(0).struct_value().fields();
  EXPECT_EQ(example.at("label").number_value(), 2);
  EXPECT_EQ(example.at("predictions").struct_value().fields().at("old").number_value(), 2);
  EXPECT_EQ(example.at("predictions").struct_value().fields().at("new").number_value(), 0);
}

TEST_F(DisagreementTest, StringsDisagreeIfTheyDiffer) {
  const Disagreements d = Run({
      ExampleBuilder().Bytes("label", {"cat"}).Bytes("old", {"cat"}).Bytes("new", {"cat"}).Serialize(),
      ExampleBuilder().Bytes("label", {"cat"}).Bytes("old", {"cat"}).Bytes("new", {"dog"}).Serialize(),
  });
  EXPECT_EQ(d.total, 1);
  EXPECT_EQ(d.examples.at(0).index, 1);
}

TEST_F(DisagreementTest, APredictionThatIsNanForOneModelOnlyComesFirst) {
  const Disagreements d = Run({
      ExampleBuilder().Ints("label", {1}).Floats("old", {0.99f}).Floats("new", {0.01f}).Serialize(),
      ExampleBuilder().Ints("label", {1}).Floats("old", {0.75f}).Floats("new", {NAN}).Serialize(),
      ExampleBuilder().Ints("label", {1}).Floats("old", {NAN}).Floats("new", {NAN}).Serialize(),
  });
  EXPECT_EQ(d.total, 2);
  ASSERT_EQ(d.examples.size(), 2u);
  EXPECT_EQ(d.examples[0].index, 1);
  EXPECT_THAT(*io::ReadFile(dir_ / "out/disagreements.json"), HasSubstr("\"difference\": \"Infinity\""));
}

TEST_F(DisagreementTest, FeaturesAreShownAndImagesDrawn) {
  std::vector<float> pixels(784, 0);
  pixels[1] = 1;
  Run({ExampleBuilder()
           .Ints("label", {1})
           .Floats("old", {0.75f})
           .Floats("new", {0.25f})
           .Floats("picture", pixels)
           .Bytes("company", {"Blue"})
           .Floats("embedding", std::vector<float>(100, 0.5f))
           .Serialize()});
  const auto json = Json();
  const auto& features = json.fields()
                             .at("examples")
                             .list_value()
                             .values(0)
                             .struct_value()
                             .fields()
                             .at("features")
                             .struct_value()
                             .fields();
  EXPECT_EQ(features.at("company").string_value(), "Blue");
  EXPECT_EQ(features.at("embedding").string_value(), "100 values");
  const auto& image = features.at("picture").struct_value().fields().at("image").struct_value().fields();
  EXPECT_EQ(image.at("width").number_value(), 28);
  EXPECT_EQ(image.at("height").number_value(), 28);
  EXPECT_THAT(image.at("pixels").string_value(), testing::StartsWith("AP8A"));  // 0, 255, 0
}

TEST(ImageShapeTest, ComesFromTheSchemaElseFromNameAndSize) {
  ::tensorflow::metadata::v0::Schema schema;
  auto* feature = schema.add_feature();
  feature->set_name("x");
  for (int size : {10, 20, 3}) feature->mutable_shape()->add_dim()->set_size(size);
  EXPECT_EQ(ShapeOfImage("x", 600, &schema), (ImageShape{10, 20, 3}));
  EXPECT_EQ(ShapeOfImage("x", 601, &schema), std::nullopt);
  EXPECT_EQ(ShapeOfImage("y", 600, &schema), std::nullopt);
  EXPECT_EQ(ShapeOfImage("y", 784, nullptr), (ImageShape{28, 28, 1}));
  EXPECT_EQ(ShapeOfImage("input_image", 1024, nullptr), (ImageShape{32, 32, 1}));
  EXPECT_EQ(ShapeOfImage("input_image", 3072, nullptr), (ImageShape{32, 32, 3}));
  EXPECT_EQ(ShapeOfImage("embedding", 1024, nullptr), std::nullopt);
  EXPECT_EQ(ShapeOfImage("image_size", 2, nullptr), std::nullopt);
  EXPECT_EQ(ShapeOfImage("image_class", 1, nullptr), std::nullopt);
}

TEST(ToImageTest, ScalesTheUsualRanges) {
  const auto first_and_last = [](float low, float high) -> std::pair<int, int> {
    std::vector<float> values(784, low);
    values[783] = high;
    data::ExampleBatch batch;
    EXPECT_TRUE(batch.Append(ExampleBuilder().Floats("x", values).Serialize()).ok());
    const auto image = ToImage(*batch.Find("x"), nullptr);
    EXPECT_TRUE(image.has_value());
    return {static_cast<uint8_t>(image->pixels[0]), static_cast<uint8_t>(image->pixels[783])};
  };
  EXPECT_EQ(first_and_last(0, 1), std::pair(0, 255));
  EXPECT_EQ(first_and_last(-1, 1), std::pair(0, 255));
  EXPECT_EQ(first_and_last(-0.5, 0.5), std::pair(0, 255));
  EXPECT_EQ(first_and_last(0, 200), std::pair(0, 200));
  EXPECT_EQ(first_and_last(-3, 5), std::pair(0, 255));
  EXPECT_EQ(first_and_last(300, 300), std::pair(0, 0));
}

TEST(ToImageTest, TakesRawBytesAndIntegersAndRefusesNan) {
  data::ExampleBatch batch;
  std::vector<float> with_nan(784, 0);
  with_nan[5] = NAN;
  ASSERT_TRUE(batch
                  .Append(ExampleBuilder()
                              .Bytes("raw", {std::string(784, '\x80')})
                              .Ints("ints", std::vector<int64_t>(784, 255))
                              .Floats("nan", with_nan)
                              .Serialize())
                  .ok());
  EXPECT_EQ(ToImage(*batch.Find("raw"), nullptr)->pixels, std::string(784, '\x80'));
  EXPECT_EQ(ToImage(*batch.Find("ints"), nullptr)->pixels, std::string(784, '\xff'));
  EXPECT_FALSE(ToImage(*batch.Find("nan"), nullptr).has_value());
}

}  // namespace
}  // namespace tfxm::model_analysis

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/default_config.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/model_analysis/test_examples.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::vector<std::string> MetricsOf(const Problem& problem) {
  std::vector<std::string> names;
  for (const auto& [name, config] : problem.metrics) names.push_back(name + config);
  return names;
}
std::vector<std::string> MetricsOf(const DefaultConfig& config) {
  std::vector<std::string> names;
  for (const auto& metric : config.eval_config.metrics_specs(0).metrics()) {
    names.push_back(metric.class_name() + metric.config());
  }
  return names;
}

class DefaultConfigTest : public ::testing::Test {
 protected:
  absl::StatusOr<DefaultConfig> Make(const std::string& label) {
    return MakeDefaultConfig({{"", kMnistModel}}, label, {kMnistData});
  }
  TempDir dir_;
};

TEST_F(DefaultConfigTest, AClassNumberAndAVectorOfProbabilities) {
  const auto config = Make("image_class");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(config->why, AllOf(HasSubstr("\"image_class\""), HasSubstr("classification")));
  EXPECT_EQ(config->eval_config.model_specs(0).model_type(), "tf_lite");
  EXPECT_EQ(config->eval_config.model_specs(0).label_key(), "image_class");
  EXPECT_EQ(MetricsOf(*config).front(), "SparseCategoricalAccuracy");
  EXPECT_EQ(MetricsOf(*config).back(), "ExampleCount");
}

TEST_F(DefaultConfigTest, TheConfigIsOneToEvaluateWith) {
  const auto config = Make("image_class");
  ASSERT_TRUE(config.ok()) << config.status();
  EvaluateOptions options;
  options.eval_config = config->eval_config;
  options.models = {{"", kMnistModel}};
  options.data = kMnistData;
  const auto result = Evaluate(options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GT(*result->Overall("sparse_categorical_accuracy"), 0.7);
}

TEST_F(DefaultConfigTest, AFeatureThatIsNotThereHasNeighbours) {
  EXPECT_THAT(std::string(Make("image_clas").status().message()),
              AllOf(HasSubstr("no example has a feature \"image_clas\""), HasSubstr("image_class")));
}

TEST_F(DefaultConfigTest, NoExamplesAtAll) {
  const std::string empty = WriteRecords(dir_ / "empty", {});
  EXPECT_THAT(std::string(MakeDefaultConfig({{"", kMnistModel}}, "x", {empty}).status().message()),
              HasSubstr("no examples"));
}

struct ProblemCase {
  const char* name;
  std::vector<std::vector<double>> labels, predictions;
  std::vector<std::string> metrics;
};

TEST(TellProblemTest, TheMetricsOfEachKind) {
  const std::vector<ProblemCase> cases = {
      {"binary",
       {{0}, {1}},
       {{0.2}, {0.9}},
       {"BinaryAccuracy", "AUC", "AUCPrecisionRecall", "BinaryCrossentropy", "Calibration"}},
      {"only one class in the first examples",
       {{1}, {1}},
       {{0.2}, {0.9}},
       {"BinaryAccuracy", "AUC", "AUCPrecisionRecall", "BinaryCrossentropy", "Calibration"}},
      {"binary, logits", {{0}, {1}}, {{-2}, {3}}, {R"(BinaryAccuracy{"threshold": 0})"}},
      {"regression", {{12.5}, {3}}, {{11}, {4}}, {"MeanAbsoluteError", "RootMeanSquaredError", "Calibration"}},
      {"classes",
       {{2}, {0}},
       {{0.1, 0.1, 0.8}, {0.5, 0.5, 0}},
       {"SparseCategoricalAccuracy", "SparseCategoricalCrossentropy"}},
      {"classes, logits", {{2}, {0}}, {{-1, 2, 8}, {5, 0, 0}}, {"SparseCategoricalAccuracy"}},
      {"one-hot", {{0, 1}, {1, 0}}, {{0.1, 0.9}, {0.5, 0.5}}, {"CategoricalAccuracy", "CategoricalCrossentropy"}},
      {"several labels", {{1, 1}, {0, 0}}, {{0.1, 0.9}, {0.5, 0.7}}, {"BinaryAccuracy", "BinaryCrossentropy"}},
      {"several numbers", {{1.5, 1}, {0, 0}}, {{0.1, 9}, {0.5, 0.7}}, {"MeanAbsoluteError", "RootMeanSquaredError"}},
  };
  for (const ProblemCase& c : cases) {
    const auto problem = TellProblem(c.labels, c.predictions);
    ASSERT_TRUE(problem.has_value()) << c.name;
    EXPECT_EQ(MetricsOf(*problem), c.metrics) << c.name << ": " << problem->why;
  }
  EXPECT_FALSE(TellProblem({{5}, {0}}, {{0.1, 0.9}, {0.5, 0.5}}).has_value()) << "class 5 of 2";
  EXPECT_FALSE(TellProblem({{1, 0}, {1}}, {{0.1, 0.9}, {0.5, 0.5}}).has_value()) << "labels of different sizes";
}

}  // namespace
}  // namespace tfxm::model_analysis

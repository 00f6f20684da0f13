// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/modules/metric_modules.h"

#include <stdlib.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/model_analysis/test_examples.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using ::testing::HasSubstr;

class MetricModulesTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = *io::MakeTempDir(testing::TempDir(), "metrics");
    // The example is compiled once for all tests.
    static const std::string cache = *io::MakeTempDir(testing::TempDir(), "modules");
    setenv("TFXM_CACHE", cache.c_str(), 1);
  }
  std::string Write(const std::string& name, const std::string& content) {
    const std::string path = io::JoinPath(dir_, name);
    EXPECT_TRUE(io::WriteFile(path, content).ok());
    return path;
  }
  tensorflow_model_analysis::EvalConfig Config(const std::string& metrics) {
    tensorflow_model_analysis::EvalConfig config;
    EXPECT_TRUE(io::ParseTextProto("model_specs { label_key: 'label' prediction_key: 'prediction' }"
                                   "slicing_specs {} slicing_specs { feature_keys: 'region' }"
                                   "metrics_specs { " +
                                       metrics + " }",
                                   &config)
                    .ok());
    return config;
  }
  absl::StatusOr<model_analysis::EvaluationResult> Evaluate(const tensorflow_model_analysis::EvalConfig& config) {
    auto example = [](float label, float prediction, float price, const char* region) {
      return ExampleBuilder()
          .Floats("label", {label})
          .Floats("prediction", {prediction})
          .Floats("price", {price})
          .Bytes("region", {region})
          .Serialize();
    };
    const std::string data = io::JoinPath(dir_, "data.tfrecord");
    WriteRecords(data, {example(1, 0.75, 5, "n"), example(0, 0.75, 5, "n"), example(1, 0.125, 7, "s"),
                        example(0, 0.25, 5, "s")});
    model_analysis::EvaluateOptions options;
    options.eval_config = config;
    options.data = data;
    return model_analysis::Evaluate(options);
  }
  std::string dir_;
};

constexpr char kExample[] = "examples/custom_metric/my_metrics.cc";

TEST_F(MetricModulesTest, AMetricOfAModuleIsComputedLikeTheOthers) {
  const auto config = Config(std::string("metrics { class_name: 'CloseEnough' module: '") + kExample +
                             "' config: '{\"limit\": 0.25}' }"
                             "metrics { class_name: 'Cost' module: '" +
                             kExample + "' } metrics { class_name: 'MeanLabel' }");
  ASSERT_TRUE(LoadMetricModules("", config).ok());
  const auto result = Evaluate(config);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->Overall("close_enough"), 0.5);
  EXPECT_EQ(result->Overall("cost"), (1.0 + 7.0) / 4);
  EXPECT_EQ(result->Overall("mean_label"), 0.5);
  ASSERT_EQ(result->slices.size(), 3u);
  for (const auto& slice : result->slices) EXPECT_EQ(slice.metrics.size(), 3u);
}

TEST_F(MetricModulesTest, OneFileForAllMetrics) {
  const auto config = Config("metrics { class_name: 'CloseEnough' config: '{\"name\": \"close\"}' }");
  ASSERT_TRUE(LoadMetricModules(kExample, config).ok());
  const auto result = Evaluate(config);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->Overall("close"), 0.5);  // The default limit.
}

TEST_F(MetricModulesTest, ArgumentsAndErrorsOfTheFunctionAreNamed) {
  auto config =
      Config(std::string("metrics { class_name: 'CloseEnough' module: '") + kExample + "' config: '{\"limt\": 1}' }");
  ASSERT_TRUE(LoadMetricModules("", config).ok());
  EXPECT_THAT(std::string(Evaluate(config).status().message()), HasSubstr("did you mean \"limit\""));

  const std::string failing = Write("failing.cc",
                                    "#include \"tfxm/model_analysis/custom_metric.h\"\n"
                                    "absl::StatusOr<double> Fail(const tfxm::model_analysis::MetricExample& e) {\n"
                                    "  if (e.label() == 0) return absl::InvalidArgumentError(\"no zeros\");\n"
                                    "  return 1;\n}\n"
                                    "TFXM_MEAN_METRIC(\"Failing\", Fail);\n");
  config = Config("metrics { class_name: 'Failing' module: '" + failing + "' }");
  ASSERT_TRUE(LoadMetricModules("", config).ok());
  const std::string message(Evaluate(config).status().message());
  EXPECT_THAT(message, HasSubstr("record 1 of "));
  EXPECT_THAT(message, HasSubstr("no zeros"));
}

TEST_F(MetricModulesTest, BadModulesAreExplained) {
  const std::string broken =
      Write("broken.cc", "#include \"tfxm/model_analysis/custom_metric.h\"\nint f() { return x; }\n");
  absl::Status status = LoadMetricModules("", Config("metrics { class_name: 'X' module: '" + broken + "' }"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("broken.cc:2:18: error:"));
  status = LoadMetricModules("", Config("metrics { class_name: 'X' module: '/no/such/file.cc' }"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("/no/such/file.cc"));
  status =
      LoadMetricModules("", Config(std::string("metrics { class_name: 'CloseEnuff' module: '") + kExample + "' }"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("defines no metric \"CloseEnuff\""));
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"CloseEnough\""));
  // The Python modules that TFMA's configs name are not files.
  EXPECT_TRUE(LoadMetricModules("", Config("metrics { class_name: 'AUC' module: 'tensorflow.keras.metrics' }")).ok());
}

}  // namespace
}  // namespace tfxm

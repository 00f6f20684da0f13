// SPDX-License-Identifier: Apache-2.0

// The example as a user runs it: the tfxm program, the pipeline file, data on disk. Small data and few steps; what is
// tested is that everything fits together, and that mistakes are told plainly.
#include <stdlib.h>

#include <filesystem>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/report/evaluation/evaluation_reader.h"
#include "tfxm/util/io.h"
#include "tfxm/util/subprocess.h"

namespace tfxm {
namespace {

constexpr char kExample[] = "examples/mnist/mnist_pipeline_native_keras.cc";

// Images of which one row is bright: the label's.
std::string Record(int i) {
  tensorflow::Example example;
  auto& features = *example.mutable_features()->mutable_feature();
  const int label = i % 10;
  features["image_class"].mutable_int64_list()->add_value(label);
  uint32_t state = static_cast<uint32_t>(i) * 2654435761u + 1;
  for (int p = 0; p < 784; ++p) {
    state = state * 1664525u + 1013904223u;
    const float noise = static_cast<float>(state >> 24) / 255.0f;
    features["image_floats"].mutable_float_list()->add_value(p / 28 / 2 == label ? 0.5f - 0.3f * noise
                                                                                 : -0.5f + 0.3f * noise);
  }
  return io::SerializeDeterministically(example);
}

class MnistPipelineTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = *io::MakeTempDir(testing::TempDir(), "mnist");
    ASSERT_TRUE(io::MakeDirs(io::JoinPath(root_, "data")).ok());
    auto writer = *data::TFRecordWriter::Create(io::JoinPath(root_, "data/a.tfrecord"));
    for (int i = 0; i < 600; ++i) ASSERT_TRUE(writer->Write(Record(i)).ok());
    ASSERT_TRUE(writer->Close().ok());
  }

  SubprocessResult Run(std::vector<std::string> flags = {}, const std::string& output = "out") {
    const char* const binaries = std::getenv("TFXM_BINARY_DIR");
    const std::string program = io::JoinPath(binaries == nullptr ? "build" : binaries, "tfxm");
    std::vector<std::string> command = {program,
                                        "run",
                                        kExample,
                                        "--data_root=" + root_ + "/data",
                                        "--output=" + io::JoinPath(root_, output),
                                        "--train_steps=200"};
    command.insert(command.end(), flags.begin(), flags.end());
    const auto result = RunSubprocess(command);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.value_or(SubprocessResult{.exit_code = -1});
  }

  // Both module files with the example's preprocessing_fn and these run_fns.
  SubprocessResult RunWithModules(const std::string& run_fn, const std::string& run_fn_lite) {
    const std::string base = io::AbsolutePath("examples/mnist/mnist_utils_native_keras_base.h");
    const auto write = [&](const std::string& name, const std::string& code) {
      const std::string path = io::JoinPath(root_, name);
      EXPECT_TRUE(io::WriteFile(path, "#include \"" + base +
                                          "\"\nusing namespace tfxm;\n"
                                          "absl::StatusOr<tft::TensorMap> preprocessing_fn(const tft::TensorMap& "
                                          "inputs) { return base::preprocessing_fn(inputs); }\n" +
                                          code)
                      .ok());
      return path;
    };
    return Run(
        {"--module_file=" + write("module.cc", run_fn), "--module_file_lite=" + write("module_lite.cc", run_fn_lite)});
  }

  std::vector<std::string> Files(const std::string& pattern) { return *io::Glob(io::JoinPath(root_, "out", pattern)); }

  // All artifacts of a run by their paths, but for measured times and what holds them.
  std::map<std::string, std::string> ArtifactBytes(const std::string& output) {
    std::map<std::string, std::string> bytes;
    const std::string pipeline_root = io::JoinPath(root_, output, "pipeline_root");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(pipeline_root)) {
      const std::string path = entry.path().lexically_relative(pipeline_root).string();
      if (!entry.is_regular_file() || path[0] == '.' || absl::StrContains(path, "/.system/")) continue;
      if (absl::StrContains(path, "tfevents") || io::Basename(path) == "model_facts.json") continue;
      bytes[path] = *io::ReadFile(entry.path().string());
    }
    return bytes;
  }

  std::string root_;
};

#define EXPECT_SAYS(result, text) EXPECT_TRUE(absl::StrContains(result.output, text)) << result.output

TEST_F(MnistPipelineTest, EndsWithTwoPushedModelsOfTheSameQuality) {
  const SubprocessResult first = Run();
  ASSERT_EQ(first.exit_code, 0) << first.output;
  EXPECT_SAYS(first, "11 complete");
  EXPECT_EQ(Files("serving_model/*/saved_model.pb").size(), 1u);
  ASSERT_EQ(Files("serving_model_lite/*/tflite").size(), 1u);
  EXPECT_TRUE(Files("serving_model_lite/*/saved_model.pb").empty()) << "only the TFLite file is delivered";
  for (const char* file : {"comparison.txt", "comparison.json", "report.html", "statistics.html", "metadata.db"}) {
    EXPECT_TRUE(io::Exists(io::JoinPath(root_, "out", file))) << file;
  }
  std::vector<double> accuracies;
  for (const char* evaluator : {"Evaluator.mnist", "Evaluator.mnist_lite"}) {
    const auto dirs = Files(std::string("pipeline_root/") + evaluator + "/evaluation/*/eval_config.json");
    ASSERT_EQ(dirs.size(), 1u);
    const auto evaluation = report::ReadEvaluation(io::Dirname(dirs[0]));
    ASSERT_TRUE(evaluation.ok()) << evaluation.status();
    for (const auto& metric : evaluation->slices.at(0).metrics) {
      if (metric.key.name == "sparse_categorical_accuracy") accuracies.push_back(metric.value.number);
    }
  }
  ASSERT_EQ(accuracies.size(), 2u);
  EXPECT_GT(accuracies[0], 0.9);
  EXPECT_NEAR(accuracies[0], accuracies[1], 0.001);

  const SubprocessResult second = Run();
  EXPECT_EQ(second.exit_code, 0);
  EXPECT_SAYS(second, "11 cached");
  EXPECT_EQ(Files("serving_model_lite/*/tflite").size(), 1u) << "nothing is pushed again";
}

TEST_F(MnistPipelineTest, AnyNumberOfThreadsGivesTheSameBytes) {
  std::map<std::string, std::string> first;
  for (const char* threads : {"1", "3", "7"}) {
    setenv("TFXM_NUM_THREADS", threads, 1);
    // One node at a time, so that executions have the same numbers.
    const std::string output = std::string("out") + threads;
    const SubprocessResult result = Run({"--max_parallel_nodes=1"}, output);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    auto bytes = ArtifactBytes(output);
    EXPECT_GT(bytes.size(), 20u);
    // The evaluation names the data and the models by their paths.
    for (auto& [path, content] : bytes)
      content = absl::StrReplaceAll(content, {{absl::StrCat("/", output, "/"), "/out/"}});
    if (first.empty()) first = bytes;
    for (const auto& [path, content] : bytes)
      EXPECT_TRUE(first[path] == content) << path << ", " << threads << " threads";
    EXPECT_EQ(bytes.size(), first.size());
  }
  unsetenv("TFXM_NUM_THREADS");
}

TEST_F(MnistPipelineTest, AModelBelowTheThresholdIsNotPushed) {
  const SubprocessResult result = Run({"--accuracy_threshold=1.5"});
  EXPECT_EQ(result.exit_code, 0) << "a model that is not blessed is an answer, not a failure";
  EXPECT_SAYS(result, "Evaluator.mnist: NOT blessed: ");
  EXPECT_SAYS(result, "tfxm show " + root_ + "/out/pipeline_root/Evaluator.mnist/evaluation/");
  EXPECT_SAYS(result, "not pushed, the model is not blessed");
  EXPECT_FALSE(io::Exists(io::JoinPath(root_, "out/serving_model")));
  EXPECT_EQ(Files("pipeline_root/Evaluator.mnist_lite/blessing/*/NOT_BLESSED").size(), 1u);
}

TEST_F(MnistPipelineTest, AModuleThatDoesNotCompileIsShownWithFileAndLine) {
  const SubprocessResult result =
      RunWithModules("absl::Status run_fn(const FnArgs& a) { return no_such_thing; }\n", "");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_SAYS(result, "module.cc:4:");
  EXPECT_SAYS(result, "no_such_thing");
}

TEST_F(MnistPipelineTest, ARunFnThatIsMissingOrThrowsFailsItsNodeOnly) {
  const SubprocessResult result = RunWithModules("", R"(
#include <stdexcept>
absl::Status run_fn(const FnArgs& fn_args) { throw std::runtime_error("out of luck"); })");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_SAYS(result, "module.cc has no function run_fn(tfxm::FnArgs const&)");
  EXPECT_SAYS(result, "out of luck");
  EXPECT_SAYS(result, "ExampleValidator      complete");
}

TEST_F(MnistPipelineTest, ARunFnThatCrashesOrExitsFailsItsNodeOnly) {
  const SubprocessResult result = RunWithModules(R"(
#include <csignal>
absl::Status run_fn(const FnArgs& fn_args) { raise(SIGSEGV); return absl::OkStatus(); })",
                                                 R"(
#include <cstdlib>
absl::Status run_fn(const FnArgs& fn_args) { std::exit(0); })");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_SAYS(result, "SIGSEGV");
  EXPECT_SAYS(result, "Trainer.mnist_lite    FAILED");
  EXPECT_SAYS(result, "5 complete, 2 FAILED, 4 skipped");
  EXPECT_TRUE(Files("pipeline_root/Trainer.mnist/model/*/*").empty()) << "nothing half-written is visible";
}

TEST_F(MnistPipelineTest, ARunFnThatSavesNoModelOrNoTfliteFileIsTold) {
  const SubprocessResult result =
      RunWithModules("absl::Status run_fn(const FnArgs& fn_args) { return absl::OkStatus(); }", R"(
#include "tfxm/util/io.h"
absl::Status run_fn(const FnArgs& fn_args) {
  RETURN_IF_ERROR(io::MakeDirs(fn_args.serving_model_dir));
  return io::WriteFile(io::JoinPath(fn_args.serving_model_dir, "tflite"), "this is not a TFLite file");
})");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_SAYS(result, "saved no model");
  EXPECT_SAYS(result, "Trainer.mnist_lite    FAILED");
  EXPECT_SAYS(result, "TFLite file");
}

TEST_F(MnistPipelineTest, AFlagThatThePipelineDoesNotTakeIsRefused) {
  const SubprocessResult result = Run({"--no_such_flag=1"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_SAYS(result, "no_such_flag");
}

}  // namespace
}  // namespace tfxm

// SPDX-License-Identifier: Apache-2.0

// Transform by the processes of a launcher.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tensorflow/core/example/example.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/testing/example_builder.h"
#include "tfxm/testing/program.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

constexpr char kModule[] = R"(
#include "tfxm/transform/tft.h"
using namespace tfxm;
absl::StatusOr<tft::TensorMap> preprocessing_fn(const tft::TensorMap& inputs) {
  tft::TensorMap outputs;
  outputs["scaled"] = tft::scale_to_0_1(inputs["x"]);
  // Three passes, each of which needs what the one before it comes to.
  outputs["bucket"] = tft::bucketize(tft::scale_to_z_score(inputs["x"]), 2);
  outputs["term"] = tft::compute_and_apply_vocabulary(outputs["bucket"]);
  return outputs;
}
)";

// Three splits; in "training" x goes from 0 to 10, in "test" and "more" it is 20.
class TransformByProcessesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = *io::MakeTempDir(::testing::TempDir(), "transform");
    static const std::string cache = *io::MakeTempDir(::testing::TempDir(), "cache");  // One for the whole process.
    setenv("TFXM_CACHE", cache.c_str(), /*overwrite=*/1);
    ASSERT_TRUE(io::WriteFile(io::JoinPath(root_, "module.cc"), kModule).ok());
    ASSERT_TRUE(io::WriteFile(io::JoinPath(Folder("schema"), "schema.pbtxt"),
                              R"pb(feature {
                                     name: "x"
                                     type: FLOAT
                                     presence { min_fraction: 1 min_count: 1 }
                                     shape {}
                                   })pb")
                    .ok());
    WriteSplit("training", {0, 5, 10});
    WriteSplit("test", {20});
    WriteSplit("more", {20, 20});
  }
  void TearDown() override { io::RemoveAll(root_).IgnoreError(); }

  std::string Folder(const std::string& name) const {
    const std::string folder = io::JoinPath(root_, name);
    EXPECT_TRUE(io::MakeDirs(folder).ok());
    return folder;
  }

  void WriteSplit(const std::string& split, const std::vector<float>& values) {
    const std::string dir = data::SplitDir(Folder("examples"), split);
    ASSERT_TRUE(io::MakeDirs(dir).ok());
    for (int file = 0; file < 2; ++file) {  // The first example is in the second one.
      auto writer = *data::TFRecordWriter::Create(io::JoinPath(dir, data::ShardName("data_tfrecord", file, 2)));
      for (size_t i = 1 - file; i < (file == 0 ? values.size() : 1); ++i) {
        tensorflow::Example example;
        (*example.mutable_features()->mutable_feature())["x"].mutable_float_list()->add_value(values[i]);
        ASSERT_TRUE(writer->Write(example.SerializeAsString()).ok());
      }
      ASSERT_TRUE(writer->Close().ok());
    }
  }

  absl::Status Run(const std::string& splits_config) {
    const ArtifactDict inputs = {
        {"examples",
         {Artifact{.uri = Folder("examples"), .properties = {{"split_names", R"(["training", "test", "more"])"}}}}},
        {"schema", {Artifact{.uri = Folder("schema")}}}};
    ArtifactDict outputs;
    for (const char* key :
         {"transform_graph", "transformed_examples", "updated_analyzer_cache", "pre_transform_schema",
          "pre_transform_stats", "post_transform_schema", "post_transform_stats", "post_transform_anomalies"}) {
      EXPECT_TRUE(io::RemoveAll(io::JoinPath(root_, key)).ok());
      outputs[key] = {Artifact{.uri = Folder(key)}};
    }
    const Properties properties = {{"module_file", io::JoinPath(root_, "module.cc")}, {"splits_config", splits_config}};
    EXPECT_TRUE(io::RemoveAll(Folder("tmp")).ok());
    ExecutorContext context{.tmp_dir = Folder("tmp"), .workers = workers_};
    context.progress = [this](absl::string_view message, double) { said_.insert(std::string(message)); };
    return (*ExecutorRegistry::Get().Create("tfx.components.transform.executor.Executor"))
        ->Do(inputs, properties, context, &outputs);
  }

  // All below a folder of the test's, by their paths in it.
  std::map<std::string, std::string> Files(const std::string& name) const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(io::JoinPath(root_, name))) {
      if (entry.is_directory()) continue;
      files[std::filesystem::relative(entry.path(), root_).string()] = io::ReadFile(entry.path().string()).value();
    }
    return files;
  }
  // All that a Transform has made.
  std::map<std::string, std::string> Outputs() const {
    std::map<std::string, std::string> all;
    for (const char* key : {"transform_graph", "transformed_examples", "pre_transform_stats", "post_transform_schema",
                            "post_transform_stats", "post_transform_anomalies"}) {
      all.merge(Files(key));
    }
    return all;
  }
  static void ExpectSame(const std::map<std::string, std::string>& expected,
                         const std::map<std::string, std::string>& files) {
    EXPECT_EQ(expected.size(), files.size());
    for (const auto& [path, bytes] : expected) {
      ASSERT_TRUE(files.contains(path)) << path;
      EXPECT_EQ(files.at(path) == bytes, true) << path;
    }
  }

  std::string root_;
  std::set<std::string> said_;
  distribution::Workers workers_;
};

TEST_F(TransformByProcessesTest, ProcessesMakeTheBytesThatThreadsMake) {
  const std::string config = R"({"analyze": ["training", "more"]})";
  ASSERT_TRUE(Run(config).ok());
  const std::map<std::string, std::string> by_threads = Outputs();
  workers_ = {.launcher = *distribution::ParseLauncher("processes:2"), .command = {Program(), "pass", "map"}};
  workers_.launcher.work_dir = root_;
  said_.clear();
  const absl::Status status = Run(config);
  ASSERT_TRUE(status.ok()) << status;
  ExpectSame(by_threads, Outputs());
  for (const char* said : {"analyzing, pass 3: 4 of 4 shards, 5 examples, 0 workers",
                           "transforming training: 2 of 2 shards, 3 examples, 0 workers"}) {
    EXPECT_TRUE(said_.contains(said)) << said;
  }
}

TEST_F(TransformByProcessesTest, SoDoesTheCommand) {
  const auto transform = [&](const std::string& output, const std::string& launcher) {
    const SubprocessResult result =
        RunProgram({"transform", absl::StrCat("--module_file=", root_, "/module.cc"),
                    absl::StrCat("--data=", root_, "/examples/Split-*/*"),
                    absl::StrCat("--schema=", root_, "/schema/schema.pbtxt"),
                    absl::StrCat("--output=", root_, "/", output), absl::StrCat("--launcher=", launcher)});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    std::map<std::string, std::string> files;
    for (auto& [path, bytes] : Files(output)) files[path.substr(output.size())] = std::move(bytes);
    return files;
  };
  const std::map<std::string, std::string> by_threads = transform("threads", "threads");
  EXPECT_GT(by_threads.size(), 8U);
  ExpectSame(by_threads, transform("processes", "processes:2"));
}

TEST_F(TransformByProcessesTest, AWorkersErrorNamesTheFileAndTheRecord) {
  const std::string file = io::JoinPath(root_, "examples/Split-training/data_tfrecord-00001-of-00002.gz");
  WriteRecords(file, {"no tf.Example"});
  workers_ = {.launcher = *distribution::ParseLauncher("processes:2"), .command = {Program(), "pass", "map"}};
  workers_.launcher.max_attempts = 1;
  const absl::Status status = Run(R"({"analyze": ["training"]})");
  EXPECT_TRUE(absl::StrContains(status.message(), absl::StrCat("shard 1 of 2, ", file))) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "record 0")) << status;
}

}  // namespace
}  // namespace tfxm

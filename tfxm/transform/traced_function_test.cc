// SPDX-License-Identifier: Apache-2.0

// A function that was traced elsewhere gives what the same function in C++ gives.
#include "tfxm/transform/traced_function.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/framework/graph.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/ops/ops.h"
#include "tfxm/transform/transform_graph.h"
#include "tfxm/util/io.h"

namespace tfxm::transform {
namespace {

class TracedFunctionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = io::MakeTempDir(::testing::TempDir(), "traced").value();
    ASSERT_EQ(io::MakeDirs(Path("assets")), absl::OkStatus());
    ASSERT_EQ(io::ParseTextProto(R"pb(
                                   feature {
                                     name: "x"
                                     type: FLOAT
                                     presence { min_fraction: 1 }
                                     shape {}
                                   }
                                   feature { name: "w" type: BYTES }
                                 )pb",
                                 &schema_),
              absl::OkStatus());
    auto writer = data::TFRecordWriter::Create(Path("data.gz")).value();
    const std::vector<std::vector<std::string>> words = {{"red", "blue"}, {}, {"red"}};
    for (int i = 0; i < 3; ++i) {
      tensorflow::Example example;
      auto& features = *example.mutable_features()->mutable_feature();
      features["x"].mutable_float_list()->add_value(static_cast<float>(10 * i));
      for (const std::string& word : words[i]) features["w"].mutable_bytes_list()->add_value(word);
      ASSERT_EQ(writer->Write(example.SerializeAsString()), absl::OkStatus());
    }
    ASSERT_EQ(writer->Close(), absl::OkStatus());
  }
  void TearDown() override { io::RemoveAll(root_).IgnoreError(); }
  std::string Path(absl::string_view name) const { return io::JoinPath(root_, name); }

  // x scaled by its range, and the words' places in their vocabulary: what Python leaves behind of
  // {"scaled": (x - min) / (max - min), "ids": compute_and_apply_vocabulary(w)}.
  static TracedFunction Trace() {
    ops::Graph graph;
    const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1}, "x");
    [[maybe_unused]] const ops::Tensor indices = ops::Placeholder(graph, DataType::kInt64, {-1, 2}, "w_indices");
    const ops::Tensor words = ops::Placeholder(graph, DataType::kString, {-1}, "w_values");
    [[maybe_unused]] const ops::Tensor dense_shape = ops::Placeholder(graph, DataType::kInt64, {2}, "w_shape");
    const ops::Tensor min = ops::Placeholder(graph, DataType::kFloat, {}, "min");
    const ops::Tensor max = ops::Placeholder(graph, DataType::kFloat, {}, "max");
    const ops::Tensor file = ops::Placeholder(graph, DataType::kString, {}, "file");
    const ops::Tensor size = ops::Placeholder(graph, DataType::kInt64, {}, "size");
    ops::Sub(size, 1.0, "last");
    ops::Constant(graph, int64_t{-1}, "unknown");
    ops::Op("RealDiv", {x - min, max - min}, {}, "scaled");
    const ops::Node table = ops::Op(graph, "HashTableV2", {},
                                    {{"key_dtype", DataType::kString}, {"value_dtype", DataType::kInt64}}, "table");
    ops::Op("InitializeTableFromTextFileV2", {table, file}, {{"key_index", -2}, {"value_index", -1}}, "fill");
    ops::Op("LookupTableFindV2", {table, words, ops::Constant(graph, int64_t{-1})}, {}, "ids");
    EXPECT_EQ(graph.status(), absl::OkStatus());
    tensorflow::GraphDef graph_def;
    graph.ToGraphDef(&graph_def);
    TracedFunction traced;
    graph_def.SerializeToString(&traced.graph_def);
    traced.inputs = {{"x", {"x:0"}}, {"w", {"w_indices:0", "w_values:0", "w_shape:0"}}};
    traced.outputs = {{"scaled", {"scaled:0"}}, {"ids", {"w_indices:0", "ids:0", "w_shape:0"}}, {"x", {"x"}}};
    traced.analyzers = {
        {.kind = "min_and_max", .name = "min_and_max", .inputs = {"x:0"}, .outputs = {"min:0", "max:0"}},
        {.kind = "vocabulary", .name = "words", .inputs = {"w_values:0"}, .outputs = {"file:0", "size:0"}}};
    traced.analyzers[1].vocabulary.vocab_filename = "words";
    traced.domains = {{.tensor = "ids:0", .min = "unknown:0", .max = "last:0"}};
    traced.assets = {{"key", "words"}};
    return traced;
  }
  absl::StatusOr<std::unique_ptr<TransformGraph>> Analyze(const TracedFunction& traced) {
    return TransformGraph::Analyze(traced, schema_, {Path("data.gz")}, {.assets_dir = Path("assets")});
  }
  std::string Error(const TracedFunction& traced) { return std::string(Analyze(traced).status().message()); }

  std::string root_;
  tensorflow::metadata::v0::Schema schema_;
};

TEST_F(TracedFunctionTest, ItIsAnalyzedAndAppliedAsAFunctionInCppIs) {
  const auto graph = Analyze(Trace());
  ASSERT_EQ(graph.status(), absl::OkStatus());
  ASSERT_EQ((*graph)->TransformExamples({Path("data.gz")}, Path("out")), absl::OkStatus());
  std::vector<std::string> rows;
  ASSERT_EQ(data::ForEachRecord({Path("out/transformed_examples-00000-of-00001.gz")},
                                [&](absl::string_view record) {
                                  tensorflow::Example example;
                                  example.ParseFromString(std::string(record));
                                  auto& features = *example.mutable_features()->mutable_feature();
                                  std::string row = absl::StrCat(features["scaled"].float_list().value(0), " ",
                                                                 features["x"].float_list().value(0), ":");
                                  for (const int64_t id : features["ids"].int64_list().value()) {
                                    absl::StrAppend(&row, " ", id);
                                  }
                                  rows.push_back(row);
                                  return absl::OkStatus();
                                }),
            absl::OkStatus());
  EXPECT_EQ(rows, (std::vector<std::string>{"0 0: 0 1", "0.5 10:", "1 20: 0"}));
}

TEST_F(TracedFunctionTest, ItsDomainsAndAssetsAreWritten) {
  const auto graph = Analyze(Trace());
  ASSERT_EQ(graph.status(), absl::OkStatus());
  for (const auto& feature : (*graph)->transformed_schema().feature()) {
    EXPECT_EQ(feature.has_int_domain(), feature.name() == "ids");
    if (feature.name() != "ids") continue;
    EXPECT_EQ(feature.int_domain().min(), -1);
    EXPECT_EQ(feature.int_domain().max(), 1);  // Of two words.
    EXPECT_TRUE(feature.int_domain().is_categorical());
  }
  ASSERT_EQ((*graph)->Write(Path("graph")), absl::OkStatus());
  EXPECT_EQ(io::ReadFile(Path("graph/transform_fn/assets/words")).value(), "red\nblue\n");
  EXPECT_EQ(io::ReadFile(Path("graph/transformed_metadata/asset_map")).value(), "{\"key\":\"words\"}");
}

TEST_F(TracedFunctionTest, ATraceThatDoesNotFitIsAnError) {
  TracedFunction traced = Trace();
  traced.analyzers[0].kind = "geometric_mean";
  EXPECT_TRUE(absl::StrContains(Error(traced), "geometric_mean \"min_and_max\": this engine has no such analyzer"))
      << Error(traced);
  traced = Trace();
  traced.analyzers[0].outputs.pop_back();
  EXPECT_TRUE(absl::StrContains(Error(traced), "it has 2 results, the trace 1 placeholders")) << Error(traced);
  traced = Trace();
  traced.analyzers[0].outputs[0] = "file:0";
  EXPECT_TRUE(absl::StrContains(Error(traced), "is float32, its placeholder string")) << Error(traced);
  traced = Trace();
  traced.inputs["y"] = {"y:0"};
  EXPECT_TRUE(absl::StrContains(Error(traced), "takes \"y\", which the schema does not have")) << Error(traced);
  traced = Trace();
  traced.inputs["w"] = {"w_values:0"};
  EXPECT_TRUE(absl::StrContains(Error(traced), "\"w\" is traced as 1 tensors, but the schema makes it 3"))
      << Error(traced);
  traced = Trace();
  traced.outputs["z"] = {"nowhere:0"};
  EXPECT_TRUE(absl::StrContains(Error(traced), "nowhere")) << Error(traced);
  traced = Trace();
  traced.graph_def = "not a graph";
  EXPECT_TRUE(absl::StrContains(Error(traced), "is not a GraphDef")) << Error(traced);
}

TEST_F(TracedFunctionTest, TheFolderIsReadAndWhatIsWrongInItIsNamed) {
  EXPECT_EQ(ReadTracedFunction(Path("none")).status().code(), absl::StatusCode::kNotFound);
  ASSERT_EQ(io::MakeDirs(Path("trace")), absl::OkStatus());
  ASSERT_EQ(io::WriteFile(Path("trace/graph.pb"), "g"), absl::OkStatus());
  ASSERT_EQ(io::WriteFile(Path("trace/trace.json"),
                          R"({"inputs": {"x": ["x:0"]}, "outputs": {"y": ["a:0", "b:0", "c:0"]},
                              "analyzers": [{"kind": "vocabulary", "name": "v", "inputs": ["x:0"], "outputs": ["f:0"],
                                             "top_k": 5, "frequency_threshold": 2, "vocab_filename": "words"}],
                              "domains": [{"tensor": "t:0", "min": "a:0", "max": "b:0"}],
                              "assets": {"key": "file"}})"),
            absl::OkStatus());
  const auto traced = ReadTracedFunction(Path("trace"));
  ASSERT_EQ(traced.status(), absl::OkStatus());
  EXPECT_EQ(traced->graph_def, "g");
  EXPECT_EQ(traced->outputs.at("y").size(), 3u);
  ASSERT_EQ(traced->analyzers.size(), 1u);
  EXPECT_EQ(traced->analyzers[0].vocabulary.top_k, 5);
  EXPECT_EQ(traced->analyzers[0].vocabulary.frequency_threshold, 2);
  EXPECT_TRUE(traced->analyzers[0].reduce_instance_dims);
  EXPECT_EQ(traced->domains[0].max, "b:0");
  EXPECT_EQ(traced->assets.at("key"), "file");

  ASSERT_EQ(io::WriteFile(Path("trace/trace.json"), R"({"outputs": {"x": ["a", "b"]}})"), absl::OkStatus());
  const std::string message(ReadTracedFunction(Path("trace")).status().message());
  EXPECT_TRUE(absl::StrContains(message, "trace.json: output \"x\" has 2 tensors; a dense one has 1, a sparse one 3"))
      << message;
}

}  // namespace
}  // namespace tfxm::transform

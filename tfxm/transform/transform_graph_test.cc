// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/transform_graph.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tensorflow/core/example/example.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/ops/ops.h"
#include "tfxm/saved_model/saved_model.h"
#include "tfxm/saved_model/saved_model_builder.h"
#include "tfxm/statistics/statistics_accumulator.h"
#include "tfxm/transform/tf_transform_output.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"

namespace tfxm::transform {
namespace {

using tensorflow::Example;

// Two shards: x is a float vector of two, i a scalar integer, s floats of any number, w words of any number.
class TransformGraphTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = io::MakeTempDir(::testing::TempDir(), "transform").value();
    ASSERT_EQ(io::MakeDirs(Path("assets")), absl::OkStatus());
    ASSERT_EQ(io::ParseTextProto(R"pb(
                                   feature {
                                     name: "x"
                                     type: FLOAT
                                     presence { min_fraction: 1 min_count: 1 }
                                     shape { dim { size: 2 } }
                                   }
                                   feature {
                                     name: "i"
                                     type: INT
                                     presence { min_fraction: 1 min_count: 1 }
                                     shape {}
                                   }
                                   feature { name: "s" type: FLOAT }
                                   feature { name: "w" type: BYTES }
                                   feature { name: "old" type: BYTES lifecycle_stage: DEPRECATED }
                                 )pb",
                                 &schema_),
              absl::OkStatus());
    files_ = {Write("data-0.gz", {Row({1, 5}, 3, {1, 2, 3}, {"red", "blue"}), Row({-1, 2}, 7, {}, {"red"})}),
              Write("data-1.gz", {Row({-4, 8}, -2, {10}, {})})};
  }
  void TearDown() override { io::RemoveAll(root_).IgnoreError(); }
  std::string Path(absl::string_view name) const { return io::JoinPath(root_, name); }

  static Example Row(const std::vector<float>& x, int64_t i, const std::vector<float>& s,
                     const std::vector<std::string>& w) {
    Example example;
    auto& features = *example.mutable_features()->mutable_feature();
    for (const float value : x) features["x"].mutable_float_list()->add_value(value);
    features["i"].mutable_int64_list()->add_value(i);
    for (const float value : s) features["s"].mutable_float_list()->add_value(value);
    for (const std::string& value : w) features["w"].mutable_bytes_list()->add_value(value);
    return example;
  }
  std::string Write(absl::string_view name, const std::vector<Example>& examples) {
    auto writer = data::TFRecordWriter::Create(Path(name)).value();
    for (const Example& example : examples) EXPECT_EQ(writer->Write(example.SerializeAsString()), absl::OkStatus());
    EXPECT_EQ(writer->Close(), absl::OkStatus());
    return Path(name);
  }

  absl::StatusOr<std::unique_ptr<TransformGraph>> Analyze(const std::function<PreprocessingFn>& fn) {
    return TransformGraph::Analyze(fn, schema_, files_, {.assets_dir = Path("assets"), .batch_size = 2});
  }
  // The transformed examples, of both shards in order.
  std::vector<Example> Transform(const TransformGraph& graph, absl::string_view dir = "out") {
    EXPECT_EQ(graph.TransformExamples(files_, Path(dir), {.batch_size = 2}), absl::OkStatus());
    std::vector<Example> examples;
    EXPECT_EQ(data::ForEachRecord({io::JoinPath(Path(dir), "transformed_examples-00000-of-00002.gz"),
                                   io::JoinPath(Path(dir), "transformed_examples-00001-of-00002.gz")},
                                  [&](absl::string_view record) {
                                    examples.emplace_back().ParseFromString(std::string(record));
                                    return absl::OkStatus();
                                  }),
              absl::OkStatus());
    return examples;
  }
  std::string Error(const std::function<PreprocessingFn>& fn) {
    auto graph = Analyze(fn);
    EXPECT_FALSE(graph.ok());
    return std::string(graph.status().message());
  }

  std::string root_;
  tensorflow::metadata::v0::Schema schema_;
  std::vector<std::string> files_;
};

std::vector<float> Floats(const Example& example, const std::string& name) {
  const auto& list = example.features().feature().at(name).float_list().value();
  return {list.begin(), list.end()};
}
std::vector<int64_t> Ints(const Example& example, const std::string& name) {
  const auto& list = example.features().feature().at(name).int64_list().value();
  return {list.begin(), list.end()};
}
bool Has(absl::string_view text, absl::string_view part) { return text.find(part) != absl::string_view::npos; }

TEST_F(TransformGraphTest, ScalesAndPassesThrough) {
  auto graph = Analyze([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
    TensorMap outputs;
    outputs["x_xf"] = tft::scale_by_min_max(inputs["x"], -0.5, 0.5);
    outputs["x_el"] = tft::scale_to_0_1(inputs["x"], /*elementwise=*/true);
    outputs["i_xf"] = tft::scale_by_min_max(inputs["i"], -1, 1);
    outputs["s_xf"] = tft::scale_to_z_score(inputs["s"]);
    outputs["i"] = inputs["i"];
    outputs["s"] = inputs["s"];
    outputs["w"] = inputs["w"];
    return outputs;
  });
  ASSERT_TRUE(graph.ok()) << graph.status();
  const std::vector<Example> examples = Transform(**graph);
  ASSERT_FALSE(examples.empty());
  ASSERT_EQ(examples.size(), 3);
  EXPECT_FLOAT_EQ(Floats(examples[0], "x_xf")[0], 5 / 12.0 - 0.5);
  EXPECT_FLOAT_EQ(Floats(examples[0], "x_xf")[1], 9 / 12.0 - 0.5);
  EXPECT_EQ(Floats(examples[2], "x_xf"), (std::vector<float>{-0.5, 0.5}));
  EXPECT_EQ(Floats(examples[0], "x_el"), (std::vector<float>{1, 0.5}));
  EXPECT_EQ(Floats(examples[1], "x_el"), (std::vector<float>{3 / 5.0f, 0}));
  // TensorFlow Transform 1.15's values.
  EXPECT_FLOAT_EQ(Floats(examples[0], "i_xf")[0], 0.11111116409301758);
  EXPECT_EQ(Floats(examples[1], "i_xf"), std::vector<float>{1});
  const std::vector<float> z = Floats(examples[0], "s_xf");
  ASSERT_EQ(z.size(), 3);
  EXPECT_FLOAT_EQ(z[0], -0.84852815);
  EXPECT_FLOAT_EQ(z[2], -0.28284273);
  EXPECT_TRUE(Floats(examples[1], "s_xf").empty());
  EXPECT_FLOAT_EQ(Floats(examples[2], "s_xf")[0], 1.6970563);
  EXPECT_EQ(Ints(examples[1], "i"), std::vector<int64_t>{7});
  EXPECT_EQ(Floats(examples[0], "s"), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(examples[0].features().feature().at("w").bytes_list().value(1), "blue");
  // A list without values is there, as TensorFlow Transform writes it.
  EXPECT_EQ(examples[2].features().feature().at("w").kind_case(), tensorflow::Feature::kBytesList);
}

// A Windows bitmap of 2 x 2 pixels of one color.
std::string Bitmap(char red, char green, char blue) {
  std::string file("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\2\0\0\0\2\0\0\0\1\0\x18\0", 30);
  file.resize(54);
  for (int row = 0; row < 2; ++row) file += std::string({blue, green, red, blue, green, red, 0, 0});
  return file;
}

TEST_F(TransformGraphTest, DecodesImages) {
  schema_.Clear();
  ASSERT_EQ(io::ParseTextProto(R"pb(feature {
                                      name: "image"
                                      type: BYTES
                                      presence { min_fraction: 1 min_count: 1 }
                                      shape { dim { size: 1 } }
                                    })pb",
                               &schema_),
            absl::OkStatus());
  std::vector<Example> rows(3);
  for (int i = 0; i < 3; ++i) {
    (*rows[i].mutable_features()->mutable_feature())["image"].mutable_bytes_list()->add_value(
        Bitmap(static_cast<char>(10 * i), 100, static_cast<char>(200)));
  }
  files_ = {Write("images-0.gz", {rows[0], rows[1]}), Write("images-1.gz", {rows[2]})};
  auto graph = Analyze([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
    TensorMap outputs;
    outputs["pixels"] = ops::DecodeImages(inputs["image"], {.height = 1, .width = 1});
    return outputs;
  });
  ASSERT_TRUE(graph.ok()) << graph.status();
  const std::vector<Example> examples = Transform(**graph);
  ASSERT_EQ(examples.size(), 3);
  EXPECT_EQ(Floats(examples[1], "pixels"), (std::vector<float>{10, 100, 200}));
  EXPECT_EQ(Floats(examples[2], "pixels"), (std::vector<float>{20, 100, 200}));
  // As a serving signature has it, from the files.
  ASSERT_EQ((*graph)->Write(Path("transform_graph")), absl::OkStatus());
  auto loaded = TFTransformOutput::Load(Path("transform_graph"));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ops::Graph serving;
  const auto features = loaded->transform_features_layer(
      serving, TensorMap{{"image", ops::Placeholder(serving, DataType::kString, {-1, 1})}});
  ASSERT_TRUE(features.ok()) << features.status();
  EXPECT_EQ(serving.status(), absl::OkStatus());
}

TEST_F(TransformGraphTest, BytesAreThoseOfADeterministicSerialization) {
  auto graph = Analyze([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
    return TensorMap{{"z", inputs["s"]},
                     {"words", inputs["w"]},
                     {"a", inputs["i"]},
                     {"negative", ops::Cast(inputs["x"], DataType::kInt64)}};
  });
  ASSERT_TRUE(graph.ok()) << graph.status();
  Transform(**graph, "a");
  EXPECT_EQ(data::ForEachRecord({io::JoinPath(Path("a"), "transformed_examples-00000-of-00002.gz"),
                                 io::JoinPath(Path("a"), "transformed_examples-00001-of-00002.gz")},
                                [](absl::string_view record) {
                                  Example example;
                                  EXPECT_TRUE(example.ParseFromString(std::string(record)));
                                  EXPECT_EQ(io::SerializeDeterministically(example), record);
                                  return absl::OkStatus();
                                }),
            absl::OkStatus());
  Transform(**graph, "b");
  EXPECT_EQ(FingerprintPath(Path("a")).value(), FingerprintPath(Path("b")).value());
}

TEST_F(TransformGraphTest, AnalyzersMayDependOnAnalyzers) {
  int passes = 0;
  auto graph = TransformGraph::Analyze(
      [](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
        // The mean distance from the mean, and the largest of what is scaled by it.
        const ops::Tensor distance = ops::Abs(inputs["x"] - tft::mean(inputs["x"]));
        const ops::Tensor scaled = distance / tft::mean(distance);
        return TensorMap{{"y", scaled / tft::max(scaled)}};
      },
      schema_, files_, {.progress = [&](int64_t, int pass) { passes = std::max(passes, pass); }});
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(passes, 3);
  // The mean is 11/6; the largest distance is that of 8, 37/6.
  const std::vector<Example> examples = Transform(**graph);
  ASSERT_FALSE(examples.empty());
  EXPECT_FLOAT_EQ(Floats(examples[0], "y")[0], 5 / 37.0);
  EXPECT_FLOAT_EQ(Floats(examples[2], "y")[1], 1);
}

TEST_F(TransformGraphTest, Vocabularies) {
  auto graph = Analyze([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
    TensorMap outputs;
    outputs["ids"] = tft::compute_and_apply_vocabulary(inputs["w"], {.vocabulary = {.vocab_filename = "words"}});
    outputs["first"] = tft::fill_in_missing(outputs["ids"], 9);
    outputs["zero"] = tft::fill_in_missing(inputs["s"], 0);
    outputs["largest"] = tft::fill_in_missing(inputs["s"], -1) + ops::Cast(tft::max(outputs["ids"]), DataType::kFloat);
    outputs["bucket"] = tft::bucketize(inputs["i"], 2);
    return outputs;
  });
  ASSERT_TRUE(graph.ok()) << graph.status();
  ASSERT_EQ((*graph)->Write(Path("graph")), absl::OkStatus());
  const std::vector<Example> examples = Transform(**graph);
  ASSERT_FALSE(examples.empty());
  EXPECT_EQ(Ints(examples[0], "ids"), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(Ints(examples[1], "ids"), (std::vector<int64_t>{0}));
  EXPECT_TRUE(Ints(examples[2], "ids").empty());
  EXPECT_EQ(Ints(examples[2], "first"), (std::vector<int64_t>{9}));
  EXPECT_EQ(Floats(examples[0], "largest"), (std::vector<float>{2}));
  EXPECT_EQ(Floats(examples[1], "largest"), (std::vector<float>{0}));
  EXPECT_EQ(Ints(examples[1], "bucket"), (std::vector<int64_t>{1}));
  EXPECT_EQ(Ints(examples[2], "bucket"), (std::vector<int64_t>{0}));

  ASSERT_EQ(io::RemoveAll(Path("assets")), absl::OkStatus());
  auto output = TFTransformOutput::Load(Path("graph"));
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->vocabulary_by_name("words").value(), (std::vector<std::string>{"red", "blue"}));
  EXPECT_EQ(output->vocabulary_size_by_name("words").value(), 2);
  EXPECT_EQ(output->num_buckets_for_transformed_feature("bucket").value(), 2);
  EXPECT_TRUE(Has(output->num_buckets_for_transformed_feature("zero").status().message(), "no int_domain"));
  EXPECT_TRUE(Has(output->num_buckets_for_transformed_feature("none").status().message(), "it has bucket, first"));
  EXPECT_TRUE(Has(output->vocabulary_by_name("other").status().message(), "has no vocabulary \"other\"; it has words"));
  data::ExampleBatch batch;
  ASSERT_EQ(batch.Append(Row({1, 2}, 7, {}, {"blue", "pink"}).SerializeAsString()), absl::OkStatus());
  auto transformed = output->TransformExamples(batch);
  ASSERT_TRUE(transformed.ok()) << transformed.status();
  EXPECT_EQ(transformed->at("first").values<int64_t>()[0], 1);
  EXPECT_EQ(transformed->at("largest").values<float>()[0], 0);
}

TEST_F(TransformGraphTest, VocabulariesWithFrequenciesAndAsRecords) {
  auto graph = Analyze([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
    TensorMap outputs;
    outputs["frequency"] = tft::compute_and_apply_vocabulary(
        inputs["w"], {.vocabulary = {.vocab_filename = "frequency", .store_frequency = true}});
    outputs["record"] = tft::compute_and_apply_vocabulary(
        inputs["w"],
        {.num_oov_buckets = 1,
         .vocabulary = {
             .top_k = 1, .vocab_filename = "record", .store_frequency = true, .file_format = kTFRecordGzip}});
    outputs["first"] = tft::fill_in_missing(outputs["record"], 9);
    tft::vocabulary(inputs["w"], {.vocab_filename = "not_applied"});
    return outputs;
  });
  ASSERT_TRUE(graph.ok()) << graph.status();
  ASSERT_EQ((*graph)->Write(Path("graph")), absl::OkStatus());
  const std::vector<Example> examples = Transform(**graph);
  ASSERT_FALSE(examples.empty());
  EXPECT_EQ(Ints(examples[0], "frequency"), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(Ints(examples[0], "record"), (std::vector<int64_t>{0, 1}));
  ASSERT_EQ(io::RemoveAll(Path("assets")), absl::OkStatus());
  auto output = TFTransformOutput::Load(Path("graph"));
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->vocabulary_by_name("frequency").value(), (std::vector<std::string>{"2 red", "1 blue"}));
  EXPECT_EQ(output->vocabulary_by_name("not_applied").value(), (std::vector<std::string>{"red", "blue"}));
  EXPECT_EQ(output->vocabulary_by_name("record").value(), (std::vector<std::string>{"2 red"}));
  data::ExampleBatch batch;
  ASSERT_EQ(batch.Append(Row({1, 2}, 7, {}, {"red"}).SerializeAsString()), absl::OkStatus());
  const auto transformed = output->TransformExamples(batch);
  ASSERT_TRUE(transformed.ok()) << transformed.status();
  EXPECT_EQ(transformed->at("first").values<int64_t>()[0], 0);
}

TEST_F(TransformGraphTest, BecomesPartOfAServingSignature) {
  auto transform_graph = Analyze([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
    TensorMap outputs;
    outputs["x_xf"] = tft::scale_by_min_max(inputs["x"], 0, 12);
    outputs["w_xf"] = tft::compute_and_apply_vocabulary(inputs["w"]);
    outputs["label"] = inputs["i"];
    return outputs;
  });
  ASSERT_TRUE(transform_graph.ok()) << transform_graph.status();
  ASSERT_EQ((*transform_graph)->Write(Path("graph")), absl::OkStatus());
  auto output = TFTransformOutput::Load(Path("graph"));
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->raw_feature_spec().fixed.at("x").shape, (Shape{2}));
  EXPECT_EQ(output->raw_feature_spec().var.count("w"), 1);
  EXPECT_EQ(output->raw_feature_spec().var.count("old"), 0);
  EXPECT_EQ(output->transformed_feature_spec().fixed.at("label").dtype, DataType::kInt64);
  EXPECT_EQ(output->transformed_feature_spec().var.at("w_xf").dtype, DataType::kInt64);

  ops::Graph graph;
  const ops::Tensor examples = ops::Placeholder(graph, DataType::kString, {-1}, "examples");
  FeatureSpec spec = output->raw_feature_spec();
  EXPECT_EQ(spec.erase("i"), 1);
  auto transformed = output->transform_features_layer(graph, ops::ParseExample(examples, spec.fixed, spec.var));
  ASSERT_TRUE(transformed.ok()) << transformed.status();
  EXPECT_FALSE(transformed->contains("label"));
  EXPECT_EQ((*transformed)["x_xf"].shape(), (Shape{-1, 2}));
  ASSERT_TRUE((*transformed)["w_xf"].is_sparse());
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"examples", examples}},
                       {{"sum", ops::ReduceSum((*transformed)["x_xf"], {1})},
                        {"word", tft::fill_in_missing((*transformed)["w_xf"], -2)}});
  ASSERT_EQ(builder.Write(Path("model")), absl::OkStatus());
  ASSERT_EQ(io::RemoveAll(Path("graph")), absl::OkStatus());

  auto model = SavedModel::Load(Path("model"));
  ASSERT_TRUE(model.ok()) << model.status();
  tfxm::Tensor serialized(DataType::kString, {2});
  serialized.strings() = {Row({0, 1}, 0, {}, {"blue"}).SerializeAsString(), Row({2, 3}, 0, {}, {}).SerializeAsString()};
  auto result = (*model)->Run((*model)->signatures()[0], {{"examples", serialized}});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FLOAT_EQ(result->at("sum").values<float>()[0], 9);
  EXPECT_FLOAT_EQ(result->at("sum").values<float>()[1], 13);
  EXPECT_EQ(result->at("word").values<int64_t>()[0], 1);
  EXPECT_EQ(result->at("word").values<int64_t>()[1], -2);
}

TEST_F(TransformGraphTest, OneValueOnlyIsScaledBySigmoid) {
  files_ = {Write("one.gz", {Row({3, 3}, 1, {}, {}), Row({3, 3}, 1, {}, {})}), Write("none.gz", {})};
  auto graph = Analyze([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
    return TensorMap{{"x", tft::scale_to_0_1(inputs["x"])}, {"z", tft::scale_to_z_score(inputs["x"])}};
  });
  ASSERT_TRUE(graph.ok()) << graph.status();
  const std::vector<Example> examples = Transform(**graph);
  ASSERT_FALSE(examples.empty());
  EXPECT_FLOAT_EQ(Floats(examples[0], "x")[0], 1 / (1 + std::exp(-3.0f)));
  EXPECT_EQ(Floats(examples[0], "z"), (std::vector<float>{0, 0}));
}

TEST_F(TransformGraphTest, PreprocessingFnErrors) {
  EXPECT_EQ(Error([](const TensorMap&) -> absl::StatusOr<TensorMap> { return absl::AbortedError("no luck"); }),
            "preprocessing_fn: no luck");
  EXPECT_EQ(Error([](const TensorMap&) -> absl::StatusOr<TensorMap> { return TensorMap(); }),
            "preprocessing_fn: it returns no features");
  EXPECT_EQ(
      Error([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> { return TensorMap{{"y", inputs["fare"]}}; }),
      "preprocessing_fn: there is no feature \"fare\"; there are \"i\", \"s\", \"w\", \"x\"");
  EXPECT_TRUE(Has(
      Error([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> { return TensorMap{{"y", inputs["s"] + 1.0}}; }),
      "feature \"s\" is used as a dense tensor, but has no shape in the schema"));
  EXPECT_TRUE(Has(Error([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
                    return TensorMap{{"y", ops::ReduceSum(inputs["x"])}};
                  }),
                  "output \"y\" is a scalar; its first dimension must be the batch"));
  EXPECT_TRUE(Has(Error([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
                    return TensorMap{{"y", ops::Cast(inputs["x"], DataType::kDouble)}};
                  }),
                  "output \"y\" is float64; tf.Examples hold float32, int64 and string: use ops::Cast"));
  EXPECT_TRUE(Has(Error([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
                    return TensorMap{{"y", tft::scale_by_min_max(inputs["x"], 1, 1)}};
                  }),
                  "output_min (1) must be less than output_max (1)"));
  EXPECT_TRUE(Has(Error([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
                    return TensorMap{
                        {"y", inputs["w"]},
                        {"z", ops::ExpandDims(inputs["i"], 1) + ops::Cast(tft::max(inputs["w"]), DataType::kInt64)}};
                  }),
                  "values of type string cannot be analyzed by it"));
  EXPECT_TRUE(Has(Error([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
                    return TensorMap{
                        {"y", ops::MatMul(inputs["x"], ops::Constant(*inputs["x"].graph(),
                                                                     tfxm::Tensor(DataType::kFloat, {3, 1})))}};
                  }),
                  "MatMul"));
}

TEST_F(TransformGraphTest, ThreadsAndBlocksDoNotChangeWhatIsWrittenAndItIsDescribedMeanwhile) {
  std::vector<Example> many;
  for (int i = 0; i < 500; ++i) many.push_back(Row({1.0f * i, 2}, i, {0.5f}, {i % 3 == 0 ? "red" : "blue"}));
  files_ = {Write("data-0.gz", many), Write("data-1.gz", {}), Write("data-2.gz", {many[1]})};
  auto graph = Analyze([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
    return TensorMap{{"x", tft::scale_to_0_1(inputs["x"])}, {"w", inputs["w"]}};
  });
  ASSERT_TRUE(graph.ok()) << graph.status();
  std::map<std::string, std::string> first;  // Bytes by file.
  for (const int threads : {1, 2, 5}) {
    for (const size_t block_bytes : {0, 1000, 1 << 24}) {
      statistics::StatisticsAccumulator described({.schema = (*graph)->transformed_schema()});
      ASSERT_EQ((*graph)->TransformExamples(
                    files_, Path("out"),
                    {.num_threads = threads, .batch_size = 10, .statistics = &described, .block_bytes = block_bytes}),
                absl::OkStatus());
      const std::vector<std::string> files = *io::ListFiles(Path("out"));
      std::map<std::string, std::string> written;
      for (const std::string& file : files) written[file] = *io::ReadFile(file);
      ASSERT_EQ(written.size(), 3);
      if (first.empty()) first = written;
      EXPECT_EQ(written == first, true) << threads << " threads, blocks of " << block_bytes;
      const auto read = statistics::GenerateStatistics(files, {.schema = (*graph)->transformed_schema()});
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(described.num_examples(), 501);
      EXPECT_EQ(described.Finish().SerializeAsString() == read->SerializeAsString(), true);
    }
  }
}

TEST_F(TransformGraphTest, AnOutputMustHaveOneRowPerExample) {
  auto graph = Analyze([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
    return TensorMap{{"y", ops::Concat({inputs["x"], inputs["x"]}, 0)}};
  });
  ASSERT_TRUE(graph.ok()) << graph.status();
  const absl::Status status = (*graph)->TransformExamples(files_, Path("out"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Has(status.message(), "output \"y\" of the preprocessing_fn has 4 rows for a batch of 2 examples"))
      << status;
}

TEST_F(TransformGraphTest, DataThatDoNotFitTheSchema) {
  const auto passes = [](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
    return TensorMap{{"y", tft::scale_to_0_1(inputs["x"])}, {"w", inputs["w"]}};
  };
  Example missing = Row({1, 2}, 1, {}, {});
  missing.mutable_features()->mutable_feature()->erase("x");
  const Example good = Row({1, 2}, 1, {}, {}), short_one = Row({1}, 1, {}, {});
  files_ = {Write("missing.gz", {good, good, good, missing})};
  EXPECT_TRUE(
      Has(Error(passes), "missing.gz: record 3: feature \"x\" has no value; its shape in the schema is [2] (2 values)"))
      << Error(passes);
  files_ = {Write("short.gz", {good, short_one})};
  EXPECT_TRUE(Has(Error(passes), "record 1: feature \"x\" has 1 values"));
  Example other_type = Row({}, 1, {}, {});
  other_type.mutable_features()->mutable_feature()->operator[]("x").mutable_int64_list()->add_value(1);
  files_ = {Write("type.gz", {other_type})};
  EXPECT_TRUE(Has(Error(passes), "feature \"x\" is INT in the data, but FLOAT in the schema")) << Error(passes);
}

TEST_F(TransformGraphTest, SchemasThatCannotBeParsedBy) {
  schema_.mutable_feature(0)->mutable_presence()->set_min_fraction(0.5);
  const auto fn = [](const TensorMap& inputs) -> absl::StatusOr<TensorMap> { return TensorMap{{"i", inputs["i"]}}; };
  EXPECT_TRUE(Has(Error(fn), "feature \"x\" of the schema has a shape, but may be missing"));
}

TEST_F(TransformGraphTest, LoadNamesWhatIsMissing) {
  EXPECT_TRUE(
      Has(TFTransformOutput::Load(Path("nothing")).status().message(), "nothing/metadata/schema.pbtxt does not exist"));
  auto graph =
      Analyze([](const TensorMap& inputs) -> absl::StatusOr<TensorMap> { return TensorMap{{"i", inputs["i"]}}; });
  ASSERT_TRUE(graph.ok()) << graph.status();
  ASSERT_EQ((*graph)->Write(Path("graph")), absl::OkStatus());
  ops::Graph other;
  auto output = TFTransformOutput::Load(Path("graph"));
  ASSERT_TRUE(output.ok()) << output.status();
  const auto unknown =
      output->transform_features_layer(other, TensorMap{{"q", ops::Placeholder(other, DataType::kFloat, {-1}, "q")}});
  EXPECT_TRUE(Has(unknown.status().message(), "has no raw feature \"q\"; its raw features are i, s, w, x"))
      << unknown.status();
  ASSERT_EQ(io::RemoveAll(io::JoinPath(Path("graph"), "transform_fn")), absl::OkStatus());
  EXPECT_TRUE(Has(TFTransformOutput::Load(Path("graph")).status().message(), "transform_fn does not exist"));
}

}  // namespace
}  // namespace tfxm::transform

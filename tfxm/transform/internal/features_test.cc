// SPDX-License-Identifier: Apache-2.0

// Features that are not one list of values: defaults, places, rows of rows, tf.SequenceExamples. Against what TensorFlow
// Transform made of the same examples (python/tests/testdata/tft/make_goldens.py: tensors, sequences).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/message_differencer.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/ops/ops.h"
#include "tfxm/transform/tf_transform_output.h"
#include "tfxm/transform/transform_graph.h"
#include "tfxm/util/io.h"

namespace tfxm::transform {
namespace {

using tensorflow::Example;
using tensorflow::metadata::v0::Schema;

constexpr char kFolder[] = "python/tests/testdata/tft";
bool Has(absl::string_view text, absl::string_view part) { return text.find(part) != absl::string_view::npos; }

class RepresentationsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = io::MakeTempDir(::testing::TempDir(), "representations").value();
    ASSERT_EQ(io::MakeDirs(Path("assets")), absl::OkStatus());
  }
  void TearDown() override { io::RemoveAll(root_).IgnoreError(); }
  std::string Path(absl::string_view name) const { return io::JoinPath(root_, name); }

  static Schema SchemaOf(const std::string& data) {
    Schema schema;
    EXPECT_EQ(io::ReadTextProto(io::JoinPath(kFolder, data + ".pbtxt"), &schema), absl::OkStatus());
    return schema;
  }

  absl::StatusOr<std::unique_ptr<TransformGraph>> Analyze(const Schema& schema, const std::vector<std::string>& files,
                                                          const std::function<PreprocessingFn>& fn) {
    return TransformGraph::Analyze(fn, schema, files, {.assets_dir = Path("assets"), .batch_size = 7});
  }
  std::vector<Example> Transform(const TransformGraph& graph, const std::vector<std::string>& files) {
    EXPECT_EQ(graph.TransformExamples(files, Path("out"), {.batch_size = 7}), absl::OkStatus());
    std::vector<Example> examples;
    EXPECT_EQ(data::ForEachRecord({Path("out/transformed_examples-00000-of-00001.gz")},
                                  [&](absl::string_view record) {
                                    examples.emplace_back().ParseFromString(std::string(record));
                                    return absl::OkStatus();
                                  }),
              absl::OkStatus());
    return examples;
  }

  // The features that `fn` makes are those of the golden of that name, and so is what the schema says of them.
  void Compare(const std::string& golden, const std::function<TensorMap(const TensorMap&)>& fn) {
    const std::vector<std::string> files = {io::JoinPath(kFolder, golden + ".tfrecord.gz")};
    auto graph = Analyze(SchemaOf(golden), files,
                         [&](const TensorMap& inputs) -> absl::StatusOr<TensorMap> { return fn(inputs); });
    ASSERT_TRUE(graph.ok()) << graph.status();
    const std::vector<Example> examples = Transform(**graph, files);
    google::protobuf::Struct json;
    ASSERT_EQ(io::ParseJson(io::ReadFile(io::JoinPath(kFolder, "goldens", golden + ".json")).value(), &json),
              absl::OkStatus());
    const auto& columns = json.fields().at("columns").struct_value().fields();
    for (const auto& [name, first] : examples.at(0).features().feature()) {
      ASSERT_EQ(columns.count(name), 1) << name;
      const auto& rows = columns.at(name).struct_value().fields().at("rows").list_value();
      ASSERT_EQ(rows.values_size(), static_cast<int>(examples.size()));
      for (size_t i = 0; i < examples.size(); ++i) {
        CompareRow(examples[i].features().feature().at(name), rows.values(static_cast<int>(i)).list_value(), name, i);
        if (HasFailure()) return;
      }
    }
    Schema want;
    ASSERT_EQ(io::ParseTextProto(json.fields().at("schema").string_value(), &want), absl::OkStatus());
    CompareSchemas((*graph)->transformed_schema(), want);
  }

  static void CompareRow(const tensorflow::Feature& feature, const google::protobuf::ListValue& want,
                         const std::string& name, size_t i) {
    const int size = std::max(
        {feature.float_list().value_size(), feature.int64_list().value_size(), feature.bytes_list().value_size()});
    ASSERT_EQ(size, want.values_size()) << name << " of example " << i;
    for (int k = 0; k < size; ++k) {
      const auto& expected = want.values(k);
      if (feature.has_bytes_list()) {
        ASSERT_EQ(feature.bytes_list().value(k), expected.string_value()) << name << " of example " << i;
      } else if (feature.has_int64_list()) {
        ASSERT_EQ(feature.int64_list().value(k), expected.number_value()) << name << " of example " << i;
      } else {
        ASSERT_NEAR(feature.float_list().value(k), expected.number_value(),
                    std::max(1e-5, 5e-5 * std::abs(expected.number_value())))
            << name << " of example " << i;
      }
    }
  }

  // Of the tensors that `got` has.
  static void CompareSchemas(const Schema& got, const Schema& want) {
    using google::protobuf::util::MessageDifferencer;
    for (const auto& feature : got.feature()) {
      const auto it = std::find_if(want.feature().begin(), want.feature().end(),
                                   [&](const auto& other) { return other.name() == feature.name(); });
      ASSERT_NE(it, want.feature().end()) << feature.name();
      tensorflow::metadata::v0::Feature same = feature;
      // TFT forgets the size when the values are others.
      if (Has(feature.name(), "grid_01$sparse_indices") && !it->has_int_domain()) same.clear_int_domain();
      EXPECT_TRUE(MessageDifferencer::Equals(same, *it)) << feature.DebugString() << it->DebugString();
    }
    for (const auto& sparse : got.sparse_feature()) {
      const auto it = std::find_if(want.sparse_feature().begin(), want.sparse_feature().end(),
                                   [&](const auto& other) { return other.name() == sparse.name(); });
      ASSERT_NE(it, want.sparse_feature().end()) << sparse.name();
      EXPECT_TRUE(MessageDifferencer::Equals(sparse, *it)) << sparse.DebugString() << it->DebugString();
    }
    for (const auto& [name, tensor] : got.tensor_representation_group().at("").tensor_representation()) {
      const auto& others = want.tensor_representation_group().at("").tensor_representation();
      ASSERT_EQ(others.count(name), 1) << name;
      EXPECT_TRUE(MessageDifferencer::Equals(tensor, others.at(name))) << name;
    }
  }

  // What the schema and one example with these features give.
  std::string Error(absl::string_view schema_text, const std::map<std::string, std::vector<int64_t>>& features) {
    Schema schema;
    EXPECT_EQ(io::ParseTextProto(schema_text, &schema), absl::OkStatus());
    Example example;
    for (const auto& [name, values] : features) {
      auto* list = (*example.mutable_features()->mutable_feature())[name].mutable_int64_list();
      for (const int64_t value : values) list->add_value(value);
    }
    auto writer = data::TFRecordWriter::Create(Path("data.gz")).value();
    EXPECT_EQ(writer->Write(example.SerializeAsString()), absl::OkStatus());
    EXPECT_EQ(writer->Close(), absl::OkStatus());
    auto graph = Analyze(schema, {Path("data.gz")}, [](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
      TensorMap outputs;
      for (const auto& [name, tensor] : inputs) outputs[name] = scale_to_0_1(tensor);
      return outputs;
    });
    return graph.ok() ? "" : std::string(graph.status().message());
  }

  std::string root_;
};

TEST_F(RepresentationsTest, TensorsOfSeveralFeaturesAreThoseOfTensorFlowTransform) {
  Compare("tensors", [](const TensorMap& in) {
    TensorMap out;
    ops::Graph& graph = *in["id"].graph();
    out["id"] = in["id"];
    out["score"] = in["score"];
    out["score_z"] = scale_to_z_score(in["score"]);
    out["both"] = in["both"];
    out["both_01"] = scale_to_0_1(in["both"], /*elementwise=*/true);
    out["name_id"] = compute_and_apply_vocabulary(in["name"], {.vocabulary = {.vocab_filename = "names"}});
    out["grid"] = in["grid"];
    out["grid_01"] = scale_to_0_1(in["grid"]);
    out["grid_dense"] = ops::Reshape(ops::SparseToDense(in["grid"].sparse(), ops::Constant(graph, 0.0f)), {-1, 6, 4});
    out["placed"] = in["placed"];
    out["place_ids"] = compute_and_apply_vocabulary(in["placed"], {.vocabulary = {.vocab_filename = "placed"}});
    out["labels"] = in["labels"];
    out["tags_too"] = in["tags_too"];
    out["tag_ids"] = compute_and_apply_vocabulary(in["tags_too"], {.vocabulary = {.vocab_filename = "tags"}});
    out["boxes"] = in["boxes"];
    out["boxes_01"] = scale_to_0_1(in["boxes"]);
    out["word_ids"] =
        compute_and_apply_vocabulary(in["lines"], {.num_oov_buckets = 1, .vocabulary = {.vocab_filename = "words"}});
    out["pages"] = in["pages"];
    out["image"] = in["image"];
    out["image_max"] = scale_by_min_max(in["image"], -1, 1);
    const ops::Tensor name = ops::Reshape(in["name"], {-1});
    out["rest_per_key"] = scale_to_0_1_per_key(in["rest"], name);
    const FeatureTensor lengths =
        in["tags_too"].WithValues(ops::Cast(ops::Op("StringLength", {in["tags_too"].values()}), DataType::kFloat));
    out["tags_per_key"] = scale_to_z_score_per_key(lengths, name);
    return out;
  });
}

TEST_F(RepresentationsTest, SequenceExamplesAreThoseOfTensorFlowTransform) {
  Compare("sequences", [](const TensorMap& in) {
    TensorMap out;
    for (const char* name : {"id", "user", "weight", "tokens", "points"}) out[name] = in[name];
    out["user_id"] = compute_and_apply_vocabulary(in["user"], {.vocabulary = {.vocab_filename = "users"}});
    out["token_ids"] =
        compute_and_apply_vocabulary(in["tokens"], {.default_value = 99, .vocabulary = {.vocab_filename = "tokens"}});
    out["values_z"] = scale_to_z_score(in["values"]);
    out["clicks"] = bucketize(in["clicks"], 3);
    return out;
  });
}

TEST_F(RepresentationsTest, RaggedBecomesDenseAndWhatIsNotIsNamed) {
  const std::vector<std::string> files = {io::JoinPath(kFolder, "tensors.tfrecord.gz")};
  auto graph = Analyze(SchemaOf("tensors"), files, [](const TensorMap& in) -> absl::StatusOr<TensorMap> {
    const FeatureTensor ids = compute_and_apply_vocabulary(in["tags_too"]);
    TensorMap out;
    out["three"] = ops::RaggedToDense(ids.ragged(), {-1, 3}, ops::Constant(*in["id"].graph(), int64_t{-1}));
    out["first"] = fill_in_missing(ids, -5);
    return out;
  });
  ASSERT_TRUE(graph.ok()) << graph.status();
  for (const Example& example : Transform(**graph, files)) {
    const auto& three = example.features().feature().at("three").int64_list();
    ASSERT_EQ(three.value_size(), 3);
    const int64_t first = example.features().feature().at("first").int64_list().value(0);
    EXPECT_EQ(first, three.value(0) == -1 ? -5 : three.value(0));
  }
  for (const auto& [name, kind] : {std::make_pair("tags_too", "ragged"), std::make_pair("grid", "sparse")}) {
    const auto failed =
        Analyze(SchemaOf("tensors"), files, [&, name = name](const TensorMap& in) -> absl::StatusOr<TensorMap> {
          TensorMap out;
          out["x"] = ops::Identity(in[name]);
          return out;
        });
    EXPECT_TRUE(Has(failed.status().message(),
                    absl::StrCat("\"", name, "\" is used as a dense tensor, but the schema says that it is ", kind)))
        << failed.status();
  }
}

TEST_F(RepresentationsTest, TheWrittenGraphTakesThemAndReturnsThem) {
  const std::vector<std::string> files = {io::JoinPath(kFolder, "tensors.tfrecord.gz")};
  auto graph = Analyze(SchemaOf("tensors"), files, [](const TensorMap& in) -> absl::StatusOr<TensorMap> {
    TensorMap out;
    out["score_z"] = scale_to_z_score(in["score"]);
    out["grid_01"] = scale_to_0_1(in["grid"]);
    out["boxes_01"] = scale_to_0_1(in["boxes"]);
    out["lines"] = in["lines"];
    out["boxes_padded"] = ops::RaggedToDense(in["boxes"].ragged(), {-1, 2, 4}, ops::Constant(*in["id"].graph(), 0.0f));
    return out;
  });
  ASSERT_TRUE(graph.ok()) << graph.status();
  ASSERT_EQ((*graph)->Write(Path("graph")), absl::OkStatus());
  const auto output = TFTransformOutput::Load(Path("graph"));
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->raw_feature_spec().sparse.at("grid").size, (Shape{6, 4}));
  EXPECT_EQ(output->raw_feature_spec().ragged.at("image").inner_shape(), (Shape{2, 3}));
  EXPECT_EQ(output->transformed_feature_spec().sparse.at("grid_01").value_key, "grid_01$sparse_values");
  EXPECT_EQ(output->transformed_feature_spec().ragged.at("lines").ragged_rank(), 2);

  // The dense outputs of raw examples, through the written graph.
  data::ExampleBatch batch;
  ASSERT_EQ(data::ForEachRecord(files, [&](absl::string_view record) { return batch.Append(record); }),
            absl::OkStatus());
  const auto dense = output->TransformExamples(batch);
  ASSERT_TRUE(dense.ok()) << dense.status();
  EXPECT_EQ(dense->at("boxes_padded").shape(), (Shape{90, 2, 4}));
  const std::vector<Example> examples = Transform(**graph, files);
  for (size_t i = 0; i < examples.size(); ++i) {
    EXPECT_EQ(examples[i].features().feature().at("score_z").float_list().value(0),
              dense->at("score_z").values<float>()[i]);
  }

  // And those that are not dense, as part of another graph.
  ops::Graph serving;
  TensorMap raw;
  const ops::Tensor values = ops::Placeholder(serving, DataType::kFloat, {-1, 4}, "values");
  const ops::Tensor splits = ops::Placeholder(serving, DataType::kInt64, {-1}, "splits");
  raw["boxes"] = ops::RaggedTensor{values, {splits}};
  const auto transformed = output->transform_features_layer(serving, raw);
  ASSERT_TRUE(transformed.ok()) << transformed.status();
  ASSERT_TRUE(transformed->contains("boxes_01"));
  EXPECT_TRUE((*transformed)["boxes_01"].is_ragged());
  EXPECT_FALSE(transformed->contains("grid_01"));
  TensorMap other_kind;
  other_kind["boxes"] = values;
  EXPECT_TRUE(Has(output->transform_features_layer(serving, other_kind).status().message(), "another kind"));
}

TEST_F(RepresentationsTest, DataThatDoNotFitAreNamedByRecord) {
  const std::string sparse = R"pb(
    feature {
      name: "at"
      type: INT
      int_domain { min: 0 max: 9 }
    }
    feature { name: "value" type: INT }
    sparse_feature {
      name: "s"
      index_feature { name: "at" }
      value_feature { name: "value" }
    })pb";
  EXPECT_EQ(Error(sparse, {{"at", {1, 9}}, {"value", {5, 6}}}), "");
  std::string error = Error(sparse, {{"at", {1}}, {"value", {5, 6}}});
  EXPECT_TRUE(Has(error, "record 0: the sparse feature \"s\" has 2 values in \"value\" and 1 places in \"at\""))
      << error;
  error = Error(sparse, {{"at", {1, 10}}, {"value", {5, 6}}});
  EXPECT_TRUE(Has(error, "at place 10 of \"at\"; its size in the schema is 10")) << error;

  const std::string ragged = R"pb(
    feature { name: "v" type: INT }
    feature { name: "n" type: INT }
    tensor_representation_group {
      key: ""
      value {
        tensor_representation {
          key: "r"
          value {
            ragged_tensor {
              feature_path { step: "v" }
              partition { row_length: "n" }
              partition { uniform_row_length: 2 }
            }
          }
        }
      }
    })pb";
  EXPECT_EQ(Error(ragged, {{"v", {1, 2, 3, 4}}, {"n", {2, 0}}}), "");
  error = Error(ragged, {{"v", {1, 2, 3}}, {"n", {1}}});
  EXPECT_TRUE(Has(error, "\"r\" has 3 values in \"v\", which cannot be rows of 2")) << error;
  error = Error(ragged, {{"v", {1, 2, 3, 4}}, {"n", {1}}});
  EXPECT_TRUE(Has(error, "\"r\" has 2 elements for rows whose lengths in \"n\" add up to 1")) << error;
  error = Error(ragged, {{"v", {1, 2}}, {"n", {9000000000000000000, 9000000000000000000}}});
  EXPECT_TRUE(Has(error, "add up to more")) << error;
  error = Error(ragged, {{"v", {1, 2}}, {"n", {2, -1}}});
  EXPECT_TRUE(Has(error, "\"n\" has the row length -1")) << error;
}

TEST_F(RepresentationsTest, SchemasThatDoNotFitAreNamed) {
  const auto of = [&](absl::string_view representation) {
    return Error(absl::StrCat(R"(feature { name: "v" type: INT } feature { name: "f" type: FLOAT }
                   tensor_representation_group { key: "" value { tensor_representation { key: "t" value { )",
                              representation, "} } } }"),
                 {});
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"(dense_tensor { column_name: "w" shape {} })", "reads the feature \"w\", which the schema does not have"},
      {R"(dense_tensor { column_name: "v" shape {} default_value { float_value: 1 } })",
       "default_value must be an int_value"},
      {R"(dense_tensor { column_name: "v" shape { dim { size: -1 } } })", "a shape without unknown dimensions"},
      {R"(sparse_tensor { value_column_name: "v" index_column_names: "f" dense_shape { dim { size: 3 } } })",
       "needs integers in \"f\""},
      {R"(sparse_tensor { value_column_name: "f" index_column_names: "v" })", "dense_shape has 0 dimensions"},
      {R"(ragged_tensor { feature_path { step: "a" step: "v" } })", "its feature_path has 2 steps"},
      {R"(ragged_tensor { feature_path { step: "v" } partition {} })",
       "needs a row_length or a positive uniform_row_length"},
      {"", "it is of no kind"}};
  for (const auto& [representation, message] : cases) {
    const std::string error = of(representation);
    EXPECT_TRUE(Has(error, message) && Has(error, "tensor_representation \"t\" of the schema")) << error;
  }
  const std::string error = Error(R"pb(feature {
                                         name: "i"
                                         type: INT
                                         int_domain { min: 1 max: 5 }
                                       }
                                       feature { name: "v" type: INT }
                                       sparse_feature {
                                         name: "s"
                                         index_feature { name: "i" }
                                         value_feature { name: "v" }
                                       })pb",
                                  {});
  EXPECT_TRUE(Has(error, "sparse_feature \"s\" of the schema: the int_domain of its index feature \"i\"")) << error;
}

}  // namespace
}  // namespace tfxm::transform

// SPDX-License-Identifier: Apache-2.0

// Mappers against what TensorFlow Transform made of the same examples (python/tests/testdata/tft/make_goldens.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/struct.pb.h"
#include "tensorflow/core/example/example.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/ops/ops.h"
#include "tfxm/ops/session.h"
#include "tfxm/transform/mappers.h"
#include "tfxm/transform/transform_graph.h"
#include "tfxm/util/io.h"

namespace tfxm::transform {
namespace {

constexpr char kFolder[] = "python/tests/testdata/tft";

class MappersGoldenTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = io::MakeTempDir(::testing::TempDir(), "mappers").value();
    ASSERT_EQ(io::MakeDirs(io::JoinPath(root_, "assets")), absl::OkStatus());
    ASSERT_EQ(io::ReadTextProto(io::JoinPath(kFolder, "schema.pbtxt"), &schema_), absl::OkStatus());
  }
  void TearDown() override { io::RemoveAll(root_).IgnoreError(); }

  // The columns that `fn` makes are those of the same names in the golden.
  void Compare(const std::string& golden, const std::function<TensorMap(const TensorMap&)>& fn) {
    const std::vector<std::string> files = {io::JoinPath(kFolder, "data.tfrecord.gz")};
    std::vector<std::string> names;
    auto graph = TransformGraph::Analyze(
        [&](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
          TensorMap outputs = fn(inputs);
          for (const auto& [name, tensor] : outputs) names.push_back(name);
          outputs["id"] = inputs["id"];
          return outputs;
        },
        schema_, files, {.assets_dir = io::JoinPath(root_, "assets")});
    ASSERT_TRUE(graph.ok()) << graph.status();
    ASSERT_EQ((*graph)->TransformExamples(files, io::JoinPath(root_, "out")), absl::OkStatus());
    std::map<int64_t, tensorflow::Example> examples;
    ASSERT_EQ(data::ForEachRecord({io::JoinPath(root_, "out/transformed_examples-00000-of-00001.gz")},
                                  [&](absl::string_view record) {
                                    tensorflow::Example example;
                                    example.ParseFromString(std::string(record));
                                    const int64_t id = example.features().feature().at("id").int64_list().value(0);
                                    examples[id] = example;
                                    return absl::OkStatus();
                                  }),
              absl::OkStatus());
    ASSERT_EQ(examples.size(), 240);
    google::protobuf::Struct json;
    ASSERT_EQ(io::ParseJson(io::ReadFile(io::JoinPath(kFolder, "goldens", golden + ".json")).value(), &json),
              absl::OkStatus());
    const auto& columns = json.fields().at("columns").struct_value().fields();
    for (const std::string& name : names) {
      ASSERT_EQ(columns.count(name), 1) << name;
      const auto& column = columns.at(name).struct_value().fields();
      ASSERT_EQ(column.count("rows"), 1) << name << " is the same for all examples";
      for (const auto& [id, example] : examples) {
        const auto& want = column.at("rows").list_value().values(static_cast<int>(id)).list_value();
        CompareRow(example.features().feature(), name, want, id);
        if (HasFailure()) return;
      }
    }
  }

  static void CompareRow(const google::protobuf::Map<std::string, tensorflow::Feature>& features,
                         const std::string& name, const google::protobuf::ListValue& want, int64_t id) {
    const auto it = features.find(name);
    const tensorflow::Feature feature = it == features.end() ? tensorflow::Feature() : it->second;
    const int size = std::max(
        {feature.float_list().value_size(), feature.int64_list().value_size(), feature.bytes_list().value_size()});
    ASSERT_EQ(size, want.values_size()) << name << " of example " << id;
    for (int i = 0; i < size; ++i) {
      const auto& expected = want.values(i);
      if (feature.has_bytes_list()) {
        ASSERT_EQ(feature.bytes_list().value(i), expected.string_value()) << name << " of example " << id;
      } else if (feature.has_int64_list()) {
        ASSERT_EQ(feature.int64_list().value(i), expected.number_value()) << name << " of example " << id;
      } else {
        const double tolerance = std::max(1e-5, 5e-5 * std::abs(expected.number_value()));
        ASSERT_NEAR(feature.float_list().value(i), expected.number_value(), tolerance) << name << " of example " << id;
      }
    }
  }

  std::string root_;
  tensorflow::metadata::v0::Schema schema_;
};

TEST_F(MappersGoldenTest, PerKey) {
  Compare("keys", [](const TensorMap& in) {
    TensorMap out;
    out["z"] = scale_to_z_score_per_key(in["x"], in["k"]);
    out["z_elements"] = scale_to_z_score_per_key(in["y"], in["k"], /*elementwise=*/true);
    out["z_integers"] = scale_to_z_score_per_key(in["n"], in["k"]);
    out["range"] = scale_by_min_max_per_key(in["x"], in["k"], -1, 3);
    out["range_elements"] = scale_by_min_max_per_key(in["y"], in["k"], 0, 1, /*elementwise=*/true);
    out["unit"] = scale_to_0_1_per_key(in["x"], in["k"]);
    out["unit_sparse"] = scale_to_0_1_per_key(in["v"], in["q"]);
    out["z_sparse"] = scale_to_z_score_per_key(in["v"], in["q"]);
    return out;
  });
}

TEST_F(MappersGoldenTest, Gaussian) {
  Compare("moments", [](const TensorMap& in) {
    TensorMap out;
    out["gaussian"] = scale_to_gaussian(in["x"]);
    out["gaussian_each"] = scale_to_gaussian(in["y"], /*elementwise=*/true);
    out["gaussian_integers"] = scale_to_gaussian(in["n"]);
    out["gaussian_sparse"] = scale_to_gaussian(in["v"]);
    return out;
  });
}

TEST_F(MappersGoldenTest, BucketsPerKey) {
  Compare("buckets_more", [](const TensorMap& in) {
    TensorMap out;
    out["of_key"] = bucketize_per_key(in["x"], in["k"], 3);
    out["interpolated"] = apply_buckets_with_interpolation(in["x"], quantiles(in["x"], 5));
    const auto boundaries = [&](std::vector<float> row) {
      const int64_t size = static_cast<int64_t>(row.size());
      return ops::Reshape(ops::Constant(*in["x"].graph(), row), {1, size});
    };
    out["one"] = apply_buckets_with_interpolation(in["x"], boundaries({0.5F}));
    out["sparse_interpolated"] = apply_buckets_with_interpolation(in["v"], boundaries({-1, 0.5F, 2, 3}));
    return out;
  });
  Compare("buckets_weighted", [](const TensorMap& in) {
    TensorMap out;
    out["weighted"] = bucketize(in["x"], 4, {.weights = in["w"]});
    out["elementwise"] = bucketize(in["y"], 3, {.elementwise = true});
    out["weighted_of_key"] = bucketize_per_key(in["x"], in["k"], 4, in["w"]);
    return out;
  });
}

// As quantiles of a frequent value are. TensorFlow Transform 1.15.0's numbers, which python/tests/test_trace.py has, too.
TEST(MappersTest, InterpolationBetweenBoundariesThatAreThereSeveralTimes) {
  constexpr float kThird = 1.F / 3;
  const std::vector<std::pair<std::vector<float>, std::vector<float>>> cases = {
      {{0, 0, 1, 4}, {0, kThird, kThird, 0.5F, 2 * kThird, 8.F / 9, 1, 1}},
      {{0, 1, 1, 1, 4}, {0, 0, 0, 0.125F, 0.75F, 11.F / 12, 1, 1}},
      {{0, 4, 4}, {0, 0, 0, 0.0625F, 0.125F, 0.375F, 1, 1}},
      {{0, 0, 0}, {0, 1, 1, 1, 1, 1, 1, 1}},
      {{1}, {0, 0, 0, 0, 1, 1, 1, 1}}};
  for (const auto& [boundaries, want] : cases) {
    ops::Graph graph;
    const ops::Tensor x = ops::Constant(graph, std::vector<float>{-1, 0, -0.F, 0.5F, 1, 3, 4, 9});
    const FeatureTensor y = apply_buckets_with_interpolation(x, ops::Constant(graph, boundaries));
    const auto session = ops::Session::Create(graph);
    ASSERT_TRUE(session.ok()) << session.status();
    const auto function = (*session)->MakeFunction({}, {y.values()});
    ASSERT_TRUE(function.ok()) << function.status();
    const auto got = (*function)->Run({});
    ASSERT_TRUE(got.ok()) << got.status();
    for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR((*got)[0].values<float>()[i], want[i], 1e-6) << i;
  }
}

TEST_F(MappersGoldenTest, Words) {
  Compare("words", [](const TensorMap& in) {
    TensorMap out;
    const FeatureTensor tokens = ops::StringSplit(in["t"]);
    out["ngrams"] = ngrams(tokens, {1, 3}, "_");
    out["bigrams"] = ngrams(tokens, {2, 2}, "");
    out["ngrams_of_list"] = ngrams(in["s"], {2, 3}, " ");
    out["bag"] = bag_of_words(tokens, {1, 2}, " ");
    out["bag_of_list"] = bag_of_words(in["s"], {1, 1}, " ");
    out["count"] = word_count(tokens);
    out["count_list"] = word_count(in["s"]);
    out["different"] = deduplicate_tensor_per_row(in["s"]);
    out["different_integers"] = deduplicate_tensor_per_row(in["c"]);
    out["hash"] = hash_strings(tokens, 100);
    out["strong_hash"] = hash_strings(in["k"], 100, {123, 456});
    return out;
  });
}

TEST_F(MappersGoldenTest, Tfidf) {
  Compare("tfidf", [](const TensorMap& in) {
    const FeatureTensor ids = compute_and_apply_vocabulary(ops::StringSplit(in["t"]));
    const transform::Tfidf unsmoothed = tfidf(ids, 12, /*smooth=*/false);
    TensorMap out;
    out["unsmoothed_word"] = unsmoothed.words;
    out["unsmoothed"] = unsmoothed.weights;
    return out;
  });
}

TEST_F(MappersGoldenTest, WhatCannotBeIsAnError) {
  const auto error = [&](const std::function<FeatureTensor(const TensorMap&)>& fn) {
    auto graph = TransformGraph::Analyze(
        [&](const TensorMap& inputs) -> absl::StatusOr<TensorMap> { return TensorMap{{"a", fn(inputs)}}; }, schema_,
        {io::JoinPath(kFolder, "data.tfrecord.gz")}, {.assets_dir = io::JoinPath(root_, "assets")});
    return std::string(graph.status().message());
  };
  EXPECT_NE(error([](const TensorMap& in) { return ngrams(in["t"], {1, 2}, " "); }).find("takes a sparse tensor"),
            std::string::npos);
  EXPECT_NE(error([](const TensorMap& in) { return ngrams(in["s"], {2, 1}, " "); }).find("(2, 1)"), std::string::npos);
  EXPECT_NE(error([](const TensorMap& in) { return tfidf(in["c"], 0).words; }).find("vocab_size is 0"),
            std::string::npos);
  EXPECT_NE(error([](const TensorMap& in) {
              return scale_by_min_max_per_key(in["x"], in["k"], 1, 1);
            }).find("must be less than"),
            std::string::npos);
  EXPECT_NE(error([](const TensorMap& in) { return bucketize_per_key(in["x"], in["k"], 1); }).find("must be >= 1"),
            std::string::npos);
}

}  // namespace
}  // namespace tfxm::transform

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/nn/fn_args.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm::nn {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Serialized(int64_t id, bool with_weight = true) {
  tensorflow::Example example;
  auto& features = *example.mutable_features()->mutable_feature();
  features["id"].mutable_int64_list()->add_value(id);
  for (const float v : {1.0f, 2.0f}) features["x"].mutable_float_list()->add_value(v * static_cast<float>(id));
  features["name"].mutable_bytes_list()->add_value("n" + std::to_string(id));
  if (with_weight) features["w"].mutable_float_list()->add_value(0.5f);
  return example.SerializeAsString();
}

std::vector<std::string> WriteFiles(const std::string& name, const std::vector<std::vector<std::string>>& files) {
  static const TempDir root;
  const std::string dir = root / name;
  io::RemoveAll(dir).IgnoreError();
  EXPECT_EQ(io::MakeDirs(dir), absl::OkStatus());
  std::vector<std::string> paths;
  for (const auto& records : files) {
    paths.push_back(io::JoinPath(dir, absl::StrCat("data-", paths.size(), ".gz")));
    auto writer = data::TFRecordWriter::Create(paths.back());
    EXPECT_TRUE(writer.ok());
    for (const std::string& record : records) EXPECT_EQ((*writer)->Write(record), absl::OkStatus());
    EXPECT_EQ((*writer)->Close(), absl::OkStatus());
  }
  return paths;
}

std::vector<std::string> TenExamples(const std::string& name) {
  std::vector<std::vector<std::string>> files(2);
  for (int64_t i = 0; i < 10; ++i) files[i / 6].push_back(Serialized(i));
  return WriteFiles(name, files);
}

const std::vector<FeatureSpec> kSpecs = {{"id", DataType::kInt64, {}},
                                         {"x", DataType::kFloat, {2}},
                                         {"name", DataType::kString, {1}},
                                         {"w", DataType::kFloat, {1}, 1.0}};

// The ids in the order they come, one list per batch.
std::vector<std::vector<int64_t>> Ids(const Dataset& dataset, std::optional<uint64_t> pass = 0, int max_batches = 100) {
  std::vector<std::vector<int64_t>> ids;
  auto iterator = dataset.MakeIterator(pass);
  EXPECT_TRUE(iterator.ok()) << iterator.status();
  Batch batch;
  while (iterator.ok() && static_cast<int>(ids.size()) < max_batches) {
    auto more = (*iterator)->Next(&batch);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) break;
    const auto& values = batch.labels.empty() ? batch.features.at("id") : batch.labels.at("");
    ids.emplace_back(values.values<int64_t>().begin(), values.values<int64_t>().end());
    for (size_t i = 0; i < ids.back().size(); ++i) {  // A row stays together.
      EXPECT_EQ(batch.features.at("x").values<float>()[2 * i + 1], 2.0f * ids.back()[i]);
      EXPECT_EQ(batch.features.at("name").strings()[i], "n" + std::to_string(ids.back()[i]));
    }
  }
  return ids;
}

TEST(DatasetTest, BatchesOfFilesInOrder) {
  const Dataset dataset = Dataset::FromExamples(
      TenExamples("order"), kSpecs, {.batch_size = 4, .label_key = "id", .weight_key = "w", .shuffle = false});
  EXPECT_THAT(Ids(dataset), ElementsAre(ElementsAre(0, 1, 2, 3), ElementsAre(4, 5, 6, 7), ElementsAre(8, 9)));
  EXPECT_EQ(dataset.cardinality(), 3);
  Batch batch;
  auto iterator = dataset.MakeIterator();
  ASSERT_TRUE((*iterator)->Next(&batch).ok());
  EXPECT_EQ(batch.features.at("x").shape(), (Shape{4, 2}));
  EXPECT_EQ(batch.labels.at("").shape(), (Shape{4}));
  EXPECT_EQ(batch.weight.shape(), (Shape{4}));
  EXPECT_EQ(batch.features.count("w"), 0);
}

TEST(DatasetTest, RepeatsAcrossTheEndOfThePass) {
  const Dataset dataset =
      Dataset::FromExamples(TenExamples("repeat"), kSpecs, {.batch_size = 6, .label_key = "id", .shuffle = false});
  EXPECT_THAT(Ids(dataset.Repeat(2)), ElementsAre(ElementsAre(0, 1, 2, 3, 4, 5), ElementsAre(6, 7, 8, 9, 0, 1),
                                                  ElementsAre(2, 3, 4, 5, 6, 7), ElementsAre(8, 9)));
  EXPECT_EQ(Ids(dataset.Repeat(), 0, 7).size(), 7);
  EXPECT_TRUE(dataset.Repeat().infinite());
  EXPECT_EQ(Ids(dataset.Repeat().Take(3)).size(), 3);
}

// In memory, and streamed through a buffer that holds less than the data.
TEST(DatasetTest, ShufflesByTheSeedAndThePass) {
  const auto files = TenExamples("shuffle");
  for (const int64_t cache_bytes : {int64_t{1} << 20, int64_t{0}}) {
    const auto make = [&](uint64_t seed) {
      return Dataset::FromExamples(files, kSpecs,
                                   {.batch_size = 10,
                                    .label_key = "id",
                                    .shuffle_buffer_size = 4,
                                    .shuffle_seed = seed,
                                    .cache_bytes = cache_bytes});
    };
    const auto first = Ids(make(1));
    ASSERT_EQ(first.size(), 1);
    EXPECT_THAT(first[0], ::testing::UnorderedElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    EXPECT_EQ(first, Ids(make(1)));
    EXPECT_NE(first, Ids(make(2)));
    EXPECT_NE(first, Ids(make(1), /*pass=*/1));
    const auto repeated = Ids(make(1).Repeat(2));
    ASSERT_EQ(repeated.size(), 2);
    EXPECT_NE(repeated[0], repeated[1]);
  }
}

// As tf.data: what goes through a dataset again sees another order.
TEST(DatasetTest, EachIteratorIsAnotherPass) {
  for (const int64_t cache_bytes : {int64_t{1} << 20, int64_t{0}}) {
    const auto files = TenExamples("passes");
    const DatasetOptions options{.batch_size = 10, .label_key = "id", .shuffle_seed = 1, .cache_bytes = cache_bytes};
    const Dataset dataset = Dataset::FromExamples(files, kSpecs, options),
                  same = Dataset::FromExamples(files, kSpecs, options);
    const auto first = Ids(dataset, std::nullopt), second = Ids(dataset, std::nullopt);
    EXPECT_NE(first, second);
    EXPECT_NE(second, Ids(dataset.Repeat().Take(1), std::nullopt));  // Copies count together.
    EXPECT_EQ(first, Ids(same, std::nullopt));                       // The same program sees the same.
    EXPECT_EQ(second, Ids(same, std::nullopt));
    EXPECT_THAT(Ids(dataset.Unshuffled(), std::nullopt), ElementsAre(ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)));
  }
}

std::string Sentence(const std::vector<int64_t>& tokens, const std::vector<std::string>& words) {
  tensorflow::Example example;
  auto& features = *example.mutable_features()->mutable_feature();
  features["tokens"].mutable_int64_list()->mutable_value()->Add(tokens.begin(), tokens.end());
  for (const std::string& word : words) features["words"].mutable_bytes_list()->add_value(word);
  features["y"].mutable_int64_list()->add_value(1);
  return example.SerializeAsString();
}
const std::vector<FeatureSpec> kSentence = {
    {"tokens", DataType::kInt64, {-1}}, {"words", DataType::kString, {-1}}, {"y", DataType::kInt64, {}}};

TEST(DatasetTest, PadsFeaturesOfVaryingLength) {
  const auto files = WriteFiles("pad", {{Sentence({1, 2, 3, 4}, {"a"}), Sentence({}, {}), Sentence({5}, {"b", "c"})}});
  const std::vector<FeatureSpec>& specs = kSentence;
  for (const int64_t cache_bytes : {int64_t{1} << 20, int64_t{0}}) {
    const Dataset dataset = Dataset::FromExamples(files, specs,
                                                  {.batch_size = 3,
                                                   .label_key = "y",
                                                   .padded_shapes = {{"tokens", 3}, {"words", 2}},
                                                   .padding_values = {{"tokens", -1}},
                                                   .shuffle = false,
                                                   .cache_bytes = cache_bytes});
    Batch batch;
    auto iterator = dataset.MakeIterator();
    ASSERT_TRUE(iterator.ok() && (*iterator)->Next(&batch).ok()) << iterator.status();
    const Tensor& tokens = batch.features.at("tokens");
    EXPECT_EQ(tokens.shape(), (Shape{3, 3}));
    EXPECT_THAT(tokens.values<int64_t>(), ElementsAre(1, 2, 3, -1, -1, -1, 5, -1, -1));
    EXPECT_THAT(batch.features.at("words").strings(), ElementsAre("a", "", "", "", "b", "c"));
  }
  // Without a length they are left out, and what asks for them says so.
  const Dataset without = Dataset::FromExamples(files, specs, {.label_key = "y"});
  EXPECT_THAT(without.left_out(), ElementsAre("tokens", "words"));
  Sequential model({layers::InputLayer({3}, {.name = "tokens"}), layers::Dense(1)});
  ASSERT_EQ(model.Compile({.loss = "mse"}), absl::OkStatus());
  EXPECT_THAT(std::string(model.Fit(without, {.verbose = 0}).status().message()),
              HasSubstr("feature \"tokens\" for the model's input has a varying number of values per example and so is "
                        "not dense; give it a length with DatasetOptions::padded_shapes ({{\"tokens\", LENGTH}})"));
  const Dataset weighted = Dataset::FromExamples(files, specs, {.label_key = "y", .weight_key = "tokens"});
  EXPECT_THAT(std::string(weighted.MakeIterator().status().message()), HasSubstr("varying number of values"));
  const Dataset misspelt = Dataset::FromExamples(files, specs, {.padded_shapes = {{"token", 3}}});
  EXPECT_THAT(std::string(misspelt.MakeIterator().status().message()), HasSubstr("no feature \"token\" to be padded"));
}

TEST(DatasetTest, PadsToTheLongestOfTheBatch) {
  const auto files = WriteFiles("longest", {{Sentence({1, 2, 3, 4}, {"a"}), Sentence({}, {}), Sentence({5}, {"b", "c"}),
                                             Sentence({6, 7}, {}), Sentence({}, {})}});
  for (const int64_t cache_bytes : {int64_t{1} << 20, int64_t{0}}) {
    const Dataset dataset = Dataset::FromExamples(files, kSentence,
                                                  {.batch_size = 2,
                                                   .label_key = "y",
                                                   .padded_shapes = {{"tokens", -1}, {"words", -1}},
                                                   .padding_values = {{"tokens", -1}},
                                                   .shuffle = false,
                                                   .cache_bytes = cache_bytes});
    auto iterator = dataset.MakeIterator();
    ASSERT_TRUE(iterator.ok()) << iterator.status();
    std::vector<Shape> shapes;
    std::vector<std::vector<int64_t>> tokens;
    std::vector<std::vector<std::string>> words;
    Batch batch;
    while (*(*iterator)->Next(&batch)) {
      const Tensor &t = batch.features.at("tokens"), &w = batch.features.at("words");
      shapes.push_back(t.shape());
      tokens.emplace_back(t.values<int64_t>().begin(), t.values<int64_t>().end());
      words.emplace_back(w.strings().begin(), w.strings().end());
    }
    EXPECT_THAT(shapes, ElementsAre(Shape{2, 4}, Shape{2, 2}, Shape{1, 1}));
    EXPECT_THAT(tokens,
                ElementsAre(ElementsAre(1, 2, 3, 4, -1, -1, -1, -1), ElementsAre(5, -1, 6, 7), ElementsAre(-1)));
    EXPECT_THAT(words, ElementsAre(ElementsAre("a", ""), ElementsAre("b", "c", "", ""), ElementsAre("")));
  }
  const Dataset wrong = Dataset::FromExamples(files, kSentence, {.padded_shapes = {{"tokens", 0}}});
  EXPECT_THAT(std::string(wrong.MakeIterator().status().message()), HasSubstr("-1 for the longest of each batch"));
}

// Sentences of any length in one model: what one has less than the batch's longest does not matter.
TEST(DatasetTest, ModelsTakeBatchesOfTheirOwnLength) {
  std::vector<std::string> examples;
  for (int64_t i = 0; i < 40; ++i) {
    std::vector<int64_t> tokens(1 + (i * i) % 9, 1 + i % 2);
    examples.push_back(Sentence(tokens, {}));
  }
  const auto files = WriteFiles("sentences", {examples});
  const auto train = [&](int64_t length) {
    SetRandomSeed(1);
    Sequential model({layers::InputLayer({length}, {.name = "tokens", .dtype = DataType::kInt64}),
                      layers::Embedding(5, 4, {.mask_zero = true}), layers::GlobalAveragePooling1D(),
                      layers::Dense(1)});
    EXPECT_EQ(model.Compile({.optimizer = "adam", .loss = "mse"}), absl::OkStatus());
    const Dataset data = Dataset::FromExamples(
        files, kSentence, {.batch_size = 7, .label_key = "y", .padded_shapes = {{"tokens", length}}, .shuffle = false});
    const auto history = model.Fit(data, {.epochs = 2, .verbose = 0});
    EXPECT_TRUE(history.ok()) << history.status();
    return history.ok() ? history->history.at("loss") : std::vector<double>();
  };
  const std::vector<double> longest = train(-1), fixed = train(9);
  ASSERT_EQ(longest.size(), 2);
  for (size_t i = 0; i < 2; ++i) EXPECT_NEAR(longest[i], fixed[i], 1e-6);
}

// Labels as long as the sentences, too.
TEST(DatasetTest, LabelsOfEachStepFollowTheLength) {
  std::vector<std::string> examples;
  for (int64_t i = 0; i < 12; ++i) examples.push_back(Sentence(std::vector<int64_t>(1 + i % 5, i % 3), {}));
  const auto files = WriteFiles("steps", {examples});
  Sequential model({layers::InputLayer({-1}, {.name = "tokens", .dtype = DataType::kInt64}), layers::Embedding(5, 4),
                    layers::Dense(3)});
  ASSERT_EQ(model.Compile({.optimizer = "adam",
                           .loss = losses::SparseCategoricalCrossentropy({.from_logits = true}),
                           .metrics = {"accuracy"}}),
            absl::OkStatus());
  const Dataset data =
      Dataset::FromExamples(files, kSentence, {.batch_size = 3, .padded_shapes = {{"tokens", -1}}, .shuffle = false})
          .Map([](Batch& batch, int64_t) {
            batch.labels[""] = batch.features.at("tokens");
            return absl::OkStatus();
          });
  const auto history = model.Fit(data, {.epochs = 3, .verbose = 0});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_LT(history->history.at("loss")[2], history->history.at("loss")[0]);
}

TEST(DatasetTest, WeightsAreNumbers) {
  const Dataset dataset =
      Dataset::FromExamples(TenExamples("words"), kSpecs, {.label_key = "id", .weight_key = "name"});
  EXPECT_THAT(std::string(dataset.MakeIterator().status().message()), HasSubstr("must be numbers, \"name\" is string"));
}

TEST(DatasetTest, StreamedDataInOrderIsTheSameAsCached) {
  const auto files = TenExamples("stream");
  const auto make = [&](int64_t cache_bytes) {
    return Dataset::FromExamples(files, kSpecs,
                                 {.batch_size = 3, .label_key = "id", .shuffle = false, .cache_bytes = cache_bytes});
  };
  EXPECT_EQ(Ids(make(1 << 20).Repeat(3)), Ids(make(0).Repeat(3)));
}

TEST(DatasetTest, MapsBatches) {
  const Dataset dataset =
      Dataset::FromExamples(TenExamples("map"), kSpecs, {.batch_size = 5, .label_key = "id", .shuffle = false})
          .Map([](Batch& batch, int64_t index) {
            for (float& v : batch.features.at("x").values<float>()) v = static_cast<float>(index);
            return absl::OkStatus();
          });
  auto iterator = dataset.MakeIterator();
  Batch batch;
  ASSERT_TRUE((*iterator)->Next(&batch).ok());
  ASSERT_TRUE((*iterator)->Next(&batch).ok());
  EXPECT_THAT(FloatValues(batch.features.at("x")), ::testing::Each(1));
}

TEST(DatasetTest, MissingFeaturesTakeTheirDefaultOrAreErrors) {
  const auto files = WriteFiles("missing", {{Serialized(0), Serialized(1, /*with_weight=*/false)}});
  std::vector<FeatureSpec> specs = kSpecs;
  std::map<std::string, double> padding_values;
  const auto read = [&]() -> absl::Status {
    const Dataset dataset = Dataset::FromExamples(
        files, specs,
        {.batch_size = 2, .label_key = "id", .weight_key = "w", .padding_values = padding_values, .shuffle = false});
    auto iterator = dataset.MakeIterator();
    if (!iterator.ok()) return iterator.status();
    Batch batch;
    if (auto more = (*iterator)->Next(&batch); !more.ok()) return more.status();
    EXPECT_THAT(FloatValues(batch.weight), ElementsAre(0.5, 1));
    return absl::OkStatus();
  };
  EXPECT_EQ(read(), absl::OkStatus());
  specs[3].default_value.reset();
  const absl::Status missing = read();
  EXPECT_EQ(missing.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(missing.message()), AllOf(HasSubstr("data-0.gz, record 1: feature \"w\" is missing"),
                                                    HasSubstr("can be given in DatasetOptions::padding_values")));
  padding_values = {{"w", 1}};
  EXPECT_EQ(read(), absl::OkStatus());
  padding_values = {{"v", 1}};
  EXPECT_THAT(std::string(read().message()), HasSubstr("there is no feature \"v\" to be padded"));
  padding_values.clear();
  specs[3].default_value = 1;
  specs[1].shape = {3};
  EXPECT_THAT(std::string(read().message()),
              HasSubstr("record 0: feature \"x\" has 2 values; expected 3 of type float32"));
  specs[1] = {"x", DataType::kInt64, {2}};
  EXPECT_THAT(std::string(read().message()), HasSubstr("feature \"x\" is FLOAT; expected 2 of type int64"));
}

// What a model does not take may be missing, of another length or type.
TEST(DatasetTest, FeaturesThatNothingNeedsMayBeMissing) {
  const auto files = WriteFiles("unneeded", {{Serialized(1), Serialized(2)}, {Serialized(3), Serialized(4, false)}});
  std::vector<FeatureSpec> specs = kSpecs;
  specs[3].default_value.reset();
  specs.push_back({.name = "x3", .dtype = DataType::kInt64, .shape = {2}, .value_key = "x"});
  const auto fit = [&](const std::string& input, const std::string& weight_key, int64_t cache_bytes, bool maps) {
    Dataset data = Dataset::FromExamples(
        files, specs,
        {.batch_size = 2, .label_key = "id", .weight_key = weight_key, .shuffle = false, .cache_bytes = cache_bytes});
    if (maps) data = data.Map([](Batch&, int64_t) { return absl::OkStatus(); });
    Sequential model({layers::InputLayer({2}, {.name = input}), layers::Dense(1)});
    EXPECT_EQ(model.Compile({.loss = "mse"}), absl::OkStatus());
    return std::string(model.Fit(data, {.validation_data = &data, .verbose = 0}).status().message());
  };
  for (const int64_t cache_bytes : {int64_t{1} << 20, int64_t{0}}) {
    EXPECT_EQ(fit("x", "", cache_bytes, false), "");
    EXPECT_THAT(fit("x", "w", cache_bytes, false), HasSubstr("data-1.gz, record 1: feature \"w\" is missing"));
    EXPECT_THAT(fit("x3", "", cache_bytes, false), HasSubstr("data-0.gz, record 0: feature \"x\" is FLOAT"));
    // A Map may look at everything.
    EXPECT_THAT(fit("x", "", cache_bytes, true), HasSubstr("data-0.gz, record 0: feature \"x\" is FLOAT"));

    // Examples to predict for have no labels.
    const Dataset unlabeled =
        Dataset::FromExamples(WriteFiles("unlabeled", {{tensorflow::Example().SerializeAsString()}}),
                              {{"id", DataType::kInt64, {}}, {"x", DataType::kFloat, {2}, 7.0}},
                              {.batch_size = 2, .label_key = "id", .cache_bytes = cache_bytes});
    Sequential model({layers::InputLayer({2}, {.name = "x"}), layers::Dense(1)});
    EXPECT_TRUE(model.Predict(unlabeled).ok());

    const auto iterator =
        *Dataset::FromExamples(files, specs,
                               {.batch_size = 3, .label_key = "id", .shuffle = false, .cache_bytes = cache_bytes})
             .MakeIterator(0, Dataset::Needed{.features = {"name"}});
    Batch batch;
    ASSERT_TRUE(*iterator->Next(&batch));
    EXPECT_EQ(batch.features.size(), 1);
    EXPECT_THAT(batch.features.at("name").strings(), ElementsAre("n1", "n2", "n3"));
    EXPECT_EQ(iterator->Where(2), files[1] + ", record 0");
  }
}

TEST(DatasetTest, TheExampleOfABadLabelIsNamed) {
  const auto files = TenExamples("labels");  // Labels are 0 to 9.
  for (const int64_t cache_bytes : {int64_t{1} << 20, int64_t{0}}) {
    const Dataset data = Dataset::FromExamples(
        files, kSpecs,
        {.batch_size = 3, .label_key = "id", .shuffle = true, .shuffle_seed = 2, .cache_bytes = cache_bytes});
    Sequential model({layers::InputLayer({2}, {.name = "x"}), layers::Dense(9)});
    ASSERT_EQ(model.Compile({.loss = "sparse_categorical_crossentropy"}), absl::OkStatus());
    EXPECT_THAT(std::string(model.Fit(data, {.verbose = 0}).status().message()),
                AllOf(HasSubstr("training data"), HasSubstr(files[1] + ", record 3: label 9 of output \"dense\"")));
    if (cache_bytes > 0) {  // Of what is not in memory only the first batch is known.
      EXPECT_EQ(model.iterations(), 0);
    }
  }
}

TEST(DatasetTest, CorruptFilesAreNamed) {
  auto files = TenExamples("corrupt");
  std::string bytes = *io::ReadFile(files[1]);
  bytes.resize(bytes.size() / 2);
  ASSERT_EQ(io::WriteFile(files[1], bytes), absl::OkStatus());
  for (const int64_t cache_bytes : {int64_t{1} << 20, int64_t{0}}) {
    const Dataset dataset =
        Dataset::FromExamples(files, kSpecs, {.batch_size = 100, .label_key = "id", .cache_bytes = cache_bytes});
    auto iterator = dataset.MakeIterator();
    absl::Status status = iterator.status();
    Batch batch;
    if (iterator.ok()) status = (*iterator)->Next(&batch).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("data-1.gz"));
  }
}

TEST(DataAccessorTest, TakesTheSchemasFeatures) {
  const auto files = TenExamples("accessor");
  tensorflow::metadata::v0::Schema schema;
  ASSERT_EQ(io::ParseTextProto(R"pb(
                                 feature {
                                   name: "id"
                                   type: INT
                                   shape {}
                                 }
                                 feature {
                                   name: "x"
                                   type: FLOAT
                                   shape { dim { size: 2 } }
                                 }
                                 feature {
                                   name: "name"
                                   type: BYTES
                                   value_count { min: 1 max: 1 }
                                 }
                                 feature {
                                   name: "w"
                                   type: FLOAT
                                   value_count { min: 0 max: 3 }
                                 })pb",
                               &schema),
            absl::OkStatus());
  const DataAccessor accessor = MakeDataAccessor();
  auto dataset = accessor.tf_dataset_factory({io::JoinPath(io::Dirname(files[0]), "*")},
                                             {.batch_size = 10, .label_key = "id"}, schema);
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ(Ids(*dataset)[0].size(), 10);
  EXPECT_EQ(accessor.tf_dataset_factory({"/nowhere/*"}, {}, schema).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(accessor.tf_dataset_factory(files, {.label_key = "w"}, schema).status().message()),
              HasSubstr("feature \"w\" has no fixed shape"));
  EXPECT_THAT(std::string(accessor.tf_dataset_factory(files, {.label_key = "z"}, schema).status().message()),
              HasSubstr("no feature \"z\""));
}

}  // namespace
}  // namespace tfxm::nn

// SPDX-License-Identifier: Apache-2.0

// Weights from the files that Keras writes; testdata/make_keras_files.py and make_keras_models.py made them.
#include "tfxm/nn/keras_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/golden/test_goldens.h"
#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm::nn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kTestdata[] = "tfxm/nn/testdata/";

struct Names {
  std::string stem = "stem", stem_bn = "stem_bn", depthwise = "depthwise", top = "top", head = "head";
};
const Names kAutomatic{"", "", "", "", ""};

Sequential Pictures(const Names& names, int classes = 2) {
  return Sequential({layers::InputLayer({4, 4, 2}, {.name = "image"}), layers::Conv2D(3, 3, {.name = names.stem}),
                     layers::BatchNormalization({.name = names.stem_bn}),
                     layers::DepthwiseConv2D(2, {.use_bias = false, .name = names.depthwise}), layers::Dropout(0.5),
                     layers::Flatten(), layers::Dense(3, {.name = names.top}),
                     layers::Dense(classes, {.name = names.head})});
}

// As Keras orders them, each value 0.1 for each weight before it, and 0.01 for each value before it, above 0.5.
void ExpectFormula(const Model& model, const std::vector<std::string>& weights) {
  const auto values = model.GetWeights();
  ASSERT_TRUE(values.ok()) << values.status();
  for (size_t i = 0; i < weights.size(); ++i) {
    ASSERT_EQ(values->count(weights[i]), 1) << weights[i];
    const std::vector<float> actual = FloatValues(values->at(weights[i]));
    EXPECT_NEAR(actual.front(), 0.5 + 0.1 * static_cast<double>(i), 1e-5) << weights[i];
    EXPECT_NEAR(actual.back(), 0.5 + 0.1 * static_cast<double>(i) + 0.01 * static_cast<double>(actual.size() - 1), 1e-5)
        << weights[i];
  }
}

std::vector<std::string> PictureWeights(const Names& n) {
  return {n.stem + "/kernel",
          n.stem + "/bias",
          n.stem_bn + "/gamma",
          n.stem_bn + "/beta",
          n.stem_bn + "/moving_mean",
          n.stem_bn + "/moving_variance",
          n.depthwise + "/depthwise_kernel",
          n.top + "/kernel",
          n.top + "/bias",
          n.head + "/kernel",
          n.head + "/bias"};
}

TEST(KerasWeightsTest, EachOfKerassFiles) {
  const Names automatic{"conv2d", "batch_normalization", "depthwise_conv2d", "dense", "dense_1"};
  for (const char* file : {"keras3.keras", "keras3.weights.h5", "keras3.h5", "keras2.h5", "keras2.weights.h5"}) {
    SCOPED_TRACE(file);
    Sequential model = Pictures({});
    ASSERT_EQ(model.LoadWeights(absl::StrCat(kTestdata, file)), absl::OkStatus());
    ExpectFormula(model, PictureWeights({}));
    // What the layers are called makes no difference.
    Sequential other = Pictures(kAutomatic);
    ASSERT_EQ(other.LoadWeights(absl::StrCat(kTestdata, file)), absl::OkStatus());
    ExpectFormula(other, PictureWeights(automatic));
  }
}

TEST(KerasWeightsTest, LayersMadeOfParts) {
  const KerasTensor tokens = Input({5}, {.name = "tokens", .dtype = DataType::kInt64});
  KerasTensor x = layers::Embedding(7, 4)(tokens);
  x = layers::MultiHeadAttention(2, 3)({x, x});
  x = layers::Bidirectional(layers::LSTM(3, {.return_sequences = true}))(x);
  x = layers::GRU(2)(x);
  Model model({tokens}, {layers::Dense(1)(x)});
  ASSERT_EQ(model.LoadWeights(absl::StrCat(kTestdata, "keras3_sequence.weights.h5")), absl::OkStatus());
  const std::string attention = "multi_head_attention/", both = "bidirectional/";
  ExpectFormula(model, {"embedding/embeddings",
                        attention + "query/kernel",
                        attention + "query/bias",
                        attention + "key/kernel",
                        attention + "key/bias",
                        attention + "value/kernel",
                        attention + "value/bias",
                        attention + "attention_output/kernel",
                        attention + "attention_output/bias",
                        both + "forward_lstm/lstm_cell/kernel",
                        both + "forward_lstm/lstm_cell/recurrent_kernel",
                        both + "forward_lstm/lstm_cell/bias",
                        both + "backward_lstm/lstm_cell/kernel",
                        both + "backward_lstm/lstm_cell/recurrent_kernel",
                        both + "backward_lstm/lstm_cell/bias",
                        "gru/gru_cell/kernel",
                        "gru/gru_cell/recurrent_kernel",
                        "gru/gru_cell/bias",
                        "dense/kernel",
                        "dense/bias"});
}

// Its layers are lstm_1, lstm_2 and a TimeDistributed one, since others were made before; here lstm_1 is the second.
TEST(KerasWeightsTest, AutomaticNamesThatGoOnCounting) {
  const std::string file = absl::StrCat(kTestdata, "keras3_second.h5");
  const auto make = [](const std::string& first, const std::string& second) {
    return Sequential({layers::InputLayer({4, 3}, {.name = "x"}),
                       layers::LSTM(3, {.return_sequences = true, .name = first}),
                       layers::LSTM(3, {.return_sequences = true, .name = second}), layers::Dense(2)});
  };
  Sequential model = make("", "");
  ASSERT_EQ(model.LoadWeights(file), absl::OkStatus());
  ExpectFormula(model, {"lstm/lstm_cell/kernel", "lstm/lstm_cell/recurrent_kernel", "lstm/lstm_cell/bias",
                        "lstm_1/lstm_cell/kernel", "lstm_1/lstm_cell/recurrent_kernel", "lstm_1/lstm_cell/bias",
                        "dense/kernel", "dense/bias"});
  // A name that was given is meant, wherever its layer stands.
  class Lstm2 : public Layer {
   public:
    Lstm2() : Layer("Reader", "lstm_2") {}
    absl::Status Build(const std::vector<Shape>&) override {
      for (const char* name : {"kernel", "recurrent_kernel"}) AddWeight(absl::StrCat("lstm_cell/", name), {3, 12});
      AddWeight("lstm_cell/bias", {12});
      return absl::OkStatus();
    }
    ops::Tensor Call(CallContext&, const std::vector<ops::Tensor>& inputs) override { return inputs[0]; }
  };
  Sequential named({layers::InputLayer({4, 3}, {.name = "x"}), MakeLayer<Lstm2>(),
                    layers::LSTM(3, {.return_sequences = true}), layers::Dense(2)});
  EXPECT_THAT(std::string(named.LoadWeights(file).message()), HasSubstr("is not there"));
}

// testdata/make_keras_models.py's models. `distribute`: as there; or the last Dense that is for each step by itself.
Model Wrapped(bool distribute = true) {
  const KerasTensor x = Input({3, 6, 6, 1}, {.name = "x"}), a = Input({4, 4, 2});
  KerasTensor h = layers::TimeDistributed(layers::Conv2D(2, 3))(x);
  h = layers::TimeDistributed(layers::BatchNormalization())(h);
  h = layers::TimeDistributed(Model({a}, {layers::Dense(4)(layers::Flatten()(a))}))(h);
  h = layers::Bidirectional(layers::GRU(2, {.return_sequences = true}))(h);
  h = layers::Bidirectional(
      layers::LSTM(2, {.return_sequences = true}),
      {.merge_mode = "sum", .backward_layer = layers::LSTM(2, {.return_sequences = true, .go_backwards = true})})(h);
  h = layers::MultiHeadAttention(2, 2)({h, h});
  h = distribute ? layers::TimeDistributed(layers::Dense(2))(h) : layers::Dense(2)(h);
  return Model({x}, {layers::Dense(2)(h)});
}

Model Nested() {
  const KerasTensor x = Input({4}, {.name = "x"}), a = Input({4}), b = Input({4});
  const Model inner({a}, {layers::Dense(4)(layers::Dense(4)(a))});
  const Model middle({b}, {layers::Dense(4)(inner(layers::Dense(4)(b)))});
  const Sequential stack({layers::InputLayer({4}), layers::Dense(4), layers::BatchNormalization(),
                          Sequential({layers::InputLayer({4}), layers::Dense(4), layers::Dense(4)})});
  const KerasTensor one = layers::Dense(4, {.activation = "tanh"})(x);
  const KerasTensor two = layers::Dense(4)(layers::Dense(4, {.activation = "tanh"})(middle(x)));
  const KerasTensor three = layers::Dense(4)(stack(layers::Dense(4, {.activation = "relu"})(x)));
  return Model({x}, {layers::Dense(2)(layers::Concatenate()({one, two, three}))});
}

void ExpectKerassPredictions(Model model, const std::string& file, const std::string& golden) {
  SCOPED_TRACE(file);
  ASSERT_EQ(model.LoadWeights(absl::StrCat(kTestdata, "keras3_models/", file)), absl::OkStatus());
  Shape shape = model.inputs()[0].shape;
  shape[0] = 2;
  const auto predictions = model.Predict({{"x", Wave(shape, 0)}});
  ASSERT_TRUE(predictions.ok()) << predictions.status();
  ExpectNear((*predictions)[0], Numbers(ReadGoldens("keras3_models/predictions.json").fields().at(golden)),
             "prediction");
}

TEST(KerasWeightsTest, WrappedLayers) {
  ExpectKerassPredictions(Wrapped(), "wrapped.keras", "wrapped");
  ExpectKerassPredictions(Wrapped(), "wrapped.weights.h5", "wrapped");
  // An archive tells the order of its layers, so that another layer with the same weights will do.
  ExpectKerassPredictions(Wrapped(/*distribute=*/false), "wrapped.keras", "wrapped");
  Model other = Wrapped(/*distribute=*/false);
  EXPECT_THAT(std::string(other.LoadWeights(absl::StrCat(kTestdata, "keras3_models/wrapped.weights.h5")).message()),
              HasSubstr("is not there"));
}

// Layers are those in Keras's places, whatever they are called here and there.
TEST(KerasWeightsTest, ModelsInModels) { ExpectKerassPredictions(Nested(), "nested.keras", "nested"); }

TEST(KerasWeightsTest, ANewHeadOnAnOldBody) {
  Names names;
  names.head = "new_head";
  for (const char* file : {"keras3.keras", "keras3.weights.h5", "keras3.h5", "keras2.h5"}) {
    SCOPED_TRACE(file);
    const std::string path = absl::StrCat(kTestdata, file);
    Sequential model = Pictures(names, 5);
    EXPECT_THAT(std::string(model.LoadWeights(path).message()),
                AllOf(HasSubstr(path), HasSubstr("\"new_head/kernel\" float32 [3, 5] is not there"),
                      HasSubstr("Not used from there: "), Not(HasSubstr("\"stem"))));
    const std::vector<float> head = FloatValues(model.GetWeights()->at("new_head/kernel"));
    ASSERT_EQ(model.LoadWeights(path, /*skip_mismatch=*/true), absl::OkStatus());
    std::vector<std::string> body = PictureWeights(names);
    body.resize(9);
    ExpectFormula(model, body);
    EXPECT_EQ(FloatValues(model.GetWeights()->at("new_head/kernel")), head);
    // The same name, another shape.
    Sequential wider = Pictures({}, 5);
    EXPECT_THAT(std::string(wider.LoadWeights(path).message()),
                HasSubstr("\"head/kernel\" is float32 [3, 5], there float32 [3, 2]"));
  }
}

TEST(KerasWeightsTest, OtherFilesAreNamed) {
  const TempDir temporary;
  const std::string& dir = temporary.path();
  Sequential model = Pictures({});
  const auto message = [&](const std::string& name, const std::string& content) {
    const std::string path = io::JoinPath(dir, name);
    EXPECT_EQ(io::WriteFile(path, content), absl::OkStatus());
    const absl::Status status = model.LoadWeights(path);
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
    return std::string(status.message());
  };
  for (const char* name : {"keras3.keras", "keras3.weights.h5", "keras2.h5"}) {
    const std::string whole = *io::ReadFile(absl::StrCat(kTestdata, name));
    for (const size_t size : {whole.size() / 3, whole.size() - 1, size_t{20}, size_t{8}}) {
      message(name, whole.substr(0, size));
    }
    std::string changed = whole;
    for (size_t i = 64; i < changed.size(); i += 97) changed[i] = static_cast<char>(~changed[i]);
    message(name, changed);
  }
  EXPECT_THAT(message("text.h5", "no weights"), HasSubstr("is neither a checkpoint"));
  EXPECT_THAT(message("empty.keras", ""), HasSubstr("is neither a checkpoint"));
  EXPECT_EQ(model.LoadWeights(io::JoinPath(dir, "nothing.keras")).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(io::RemoveAll(dir), absl::OkStatus());
}

// Found by fuzzing: a group that contains itself.
TEST(KerasWeightsFileTest, GroupsWithoutEndAreAnError) {
  const auto variables = ListKerasWeights("fuzz/regressions/keras_weights/group_in_itself", {});
  EXPECT_EQ(variables.status().code(), absl::StatusCode::kDataLoss) << variables.status();
}

}  // namespace
}  // namespace tfxm::nn

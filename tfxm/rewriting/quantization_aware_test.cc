// SPDX-License-Identifier: Apache-2.0

// What quantization-aware training is for: a model that int8 ruins after training, and does not if trained for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tfxm/litert/compiled_model.h"
#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using nn::Pictures;
namespace layers = nn::layers;

constexpr int kPixels = 64, kChannels = 8;

nn::Dataset Data(const Pictures& pictures) {
  auto data = nn::Dataset::FromTensors({{"image", pictures.images}, {"label", pictures.labels}},
                                       {.batch_size = 32, .label_key = "label", .shuffle_seed = 1});
  EXPECT_TRUE(data.ok()) << data.status();
  return *data;
}

absl::Status Train(nn::Model& model, const Pictures& pictures, double learning_rate, int epochs) {
  RETURN_IF_ERROR(model.Compile({.optimizer = nn::optimizers::Adam({.learning_rate = learning_rate}),
                                 .loss = nn::losses::SparseCategoricalCrossentropy({.from_logits = true})}));
  return model.Fit(Data(pictures), {.epochs = epochs, .verbose = 0}).status();
}

// Pictures with so much noise that every bit counts.
Pictures NoisyPictures(int64_t n, uint64_t seed) {
  Pictures pictures = nn::MakePictures(n, kPixels, seed);
  nn::Random random(seed + 100);
  for (float& value : pictures.images.values<float>()) value += static_cast<float>(1.5 * (random.Uniform() - 0.5));
  return pictures;
}

double Accuracy(const Tensor& scores, const Tensor& labels) {
  const auto values = scores.values<float>();
  const int64_t n = scores.shape()[0];
  int64_t right = 0;
  for (int64_t i = 0; i < n; ++i) {
    const auto row = values.subspan(i * 10, 10);
    right += std::max_element(row.begin(), row.end()) - row.begin() == labels.values<int64_t>()[i];
  }
  return static_cast<double>(right) / static_cast<double>(n);
}

// Saves the model, makes it an int8 file and counts what that gets right.
double Int8Accuracy(const nn::Model& model, const std::string& dir, std::vector<Sample> representative,
                    const Pictures& eval) {
  EXPECT_EQ(model.Save(io::JoinPath(dir, "saved_model")), absl::OkStatus());
  RewriterOptions options{.name = "int8", .quantization = QuantizationMode::kInt8, .validate = false};
  options.representative_dataset.samples = std::move(representative);
  TfliteRewriter rewriter(options);
  const absl::Status rewritten =
      RewriteSavedModel(io::JoinPath(dir, "saved_model"), dir, rewriter, ModelType::kTfliteModel);
  EXPECT_EQ(rewritten, absl::OkStatus());
  EXPECT_EQ(rewriter.report().model.weights_by_type.count("FLOAT32"), 0) << rewriter.report().Render();
  auto file = litert::ModelFile::Read(io::JoinPath(dir, "tflite"));
  EXPECT_TRUE(file.ok()) << file.status();
  auto lite = litert::CompiledModel::Create(*file);
  EXPECT_TRUE(lite.ok()) << lite.status();
  auto outputs = (*lite)->Run({{"image", eval.images}});
  EXPECT_TRUE(outputs.ok()) << outputs.status();
  return Accuracy(outputs->begin()->second, eval.labels);
}

TEST(QuantizationAwareTest, WinsBackWhatInt8Loses) {
  const TempDir temporary;
  const std::string& dir = temporary.path();
  const Pictures train = NoisyPictures(2000, 1), eval = NoisyPictures(1000, 2);
  nn::Sequential model({layers::InputLayer({kPixels}, {.name = "image"}), layers::Reshape({8, 8, 1}),
                        layers::Conv2D(kChannels, 3, {.padding = "same", .activation = "relu"}),
                        layers::DepthwiseConv2D(3, {.padding = "same", .activation = "relu"}), layers::Flatten(),
                        layers::Dense(10)});
  ASSERT_EQ(Train(model, train, 0.01, 4), absl::OkStatus());

  // The first channel between the convolutions, times a factor that the second one takes away again: the same function,
  // but with one scale for all channels little is left of the others.
  constexpr float kFactor = 300;
  auto weights = *model.GetWeights();
  const auto kernel = weights["conv2d/kernel"].values<float>(),
             depthwise = weights["depthwise_conv2d/depthwise_kernel"].values<float>();
  for (int i = 0; i < 9 * kChannels; i += kChannels) {
    kernel[i] *= kFactor;
    depthwise[i] /= kFactor;
  }
  weights["conv2d/bias"].values<float>()[0] *= kFactor;
  ASSERT_EQ(model.SetWeights(weights), absl::OkStatus());
  const auto predicted = model.Predict({{"image", eval.images}});
  ASSERT_TRUE(predicted.ok()) << predicted.status();
  const double in_float = Accuracy((*predicted)[0], eval.labels);
  EXPECT_GT(in_float, 0.9);
  std::vector<Sample> samples;
  for (int64_t i = 0; i < 100; ++i) {
    Tensor image(DataType::kFloat, {1, kPixels});
    std::copy_n(train.images.values<float>().begin() + i * kPixels, kPixels, image.values<float>().begin());
    samples.push_back({{"image", image}});
  }
  EXPECT_LT(Int8Accuracy(model, io::JoinPath(dir, "post_training"), samples, eval), in_float - 0.1);

  auto quantized = nn::QuantizeModel(model);
  ASSERT_TRUE(quantized.ok()) << quantized.status();
  ASSERT_EQ(Train(*quantized, train, 0.003, 6), absl::OkStatus());
  EXPECT_GT(Int8Accuracy(*quantized, io::JoinPath(dir, "aware"), {}, eval), in_float - 0.05);
  EXPECT_EQ(io::RemoveAll(dir), absl::OkStatus());
}

}  // namespace
}  // namespace tfxm

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/rewriter_options.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/rewriting/rewriter_options_json.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using ::testing::HasSubstr;

std::string Error(const RewriterOptions& options) {
  return std::string(ResolveQuantization(options).status().message());
}

TEST(ResolveQuantizationTest, TfxsOptionsMeanWhatTheyMeanInTfx) {
  RewriterOptions options;
  EXPECT_EQ(*ResolveQuantization(options), QuantizationMode::kNone);
  options.quantization_optimizations = {Optimize::kDefault};
  EXPECT_EQ(*ResolveQuantization(options), QuantizationMode::kDynamicRange);
  options.quantization_supported_types = {DataType::kHalf};
  EXPECT_EQ(*ResolveQuantization(options), QuantizationMode::kFloat16);
  options.quantization_supported_types = {};
  options.representative_dataset.examples = "data/*";
  EXPECT_EQ(*ResolveQuantization(options), QuantizationMode::kInt8);
  options.quantization_enable_full_integer = true;
  EXPECT_EQ(*ResolveQuantization(options), QuantizationMode::kInt8);
}

TEST(ResolveQuantizationTest, TheSimpleChoiceWins) {
  RewriterOptions options;
  options.quantization_optimizations = {Optimize::kDefault};
  options.quantization = QuantizationMode::kNone;
  EXPECT_EQ(*ResolveQuantization(options), QuantizationMode::kNone);
}

TEST(ResolveQuantizationTest, FullIntegerWithoutARepresentativeDatasetSaysHowToGiveOne) {
  RewriterOptions options;
  options.quantization_enable_full_integer = true;
  EXPECT_THAT(Error(options), AllOf(HasSubstr("representative_dataset.examples"), HasSubstr("--representative_data")));
  for (QuantizationMode mode : {QuantizationMode::kInt8, QuantizationMode::kInt16x8}) {
    options = {.quantization = mode};
    EXPECT_THAT(Error(options), HasSubstr("needs a representative dataset"));
  }
}

TEST(ResolveQuantizationTest, TrainedRangesTakeThePlaceOfADatasetForInt8) {
  EXPECT_EQ(*ResolveQuantization({.quantization = QuantizationMode::kInt8}, true), QuantizationMode::kInt8);
  EXPECT_EQ(*ResolveQuantization({.quantization_optimizations = {Optimize::kDefault}}, true), QuantizationMode::kInt8);
  EXPECT_FALSE(ResolveQuantization({.quantization = QuantizationMode::kInt16x8}, true).ok());
}

TEST(ResolveQuantizationTest, RefusesWhatDoesNotGoTogether) {
  RewriterOptions options;
  options.inference_input_type = DataType::kInt8;
  EXPECT_THAT(Error(options), HasSubstr("cannot be int8 with quantization none"));
  options.quantization = QuantizationMode::kInt16x8;
  options.representative_dataset.examples = "x";
  EXPECT_THAT(Error(options), HasSubstr("cannot be int8 with quantization int16x8"));
  options.inference_input_type = DataType::kInt16;
  EXPECT_TRUE(ResolveQuantization(options).ok());
  options.representative_dataset.sample_size = 0;
  EXPECT_THAT(Error(options), HasSubstr("sample_size"));
  EXPECT_THAT(Error({.filename = "a/b"}), HasSubstr("\"a/b\""));
  EXPECT_THAT(Error({.quantization_supported_types = {DataType::kString}}), HasSubstr("not string"));
}

TEST(QuantizationTest, NamesGoBothWays) {
  for (const char* name : {"none", "float16", "dynamic_range", "int4", "int8", "int16x8"}) {
    EXPECT_EQ(QuantizationName(*ParseQuantization(name)), name);
  }
  EXPECT_THAT(std::string(ParseQuantization("int2").status().message()),
              AllOf(HasSubstr("int2"), HasSubstr("int16x8")));
}

absl::StatusOr<RewriterOptions> FromJson(const std::string& json) {
  google::protobuf::Struct object;
  EXPECT_TRUE(io::ParseJson(json, &object).ok()) << json;
  return RewriterOptionsFromJson(object);
}

TEST(RewriterOptionsFromJsonTest, EveryKindOfMember) {
  const auto options = FromJson(R"({
      "name": "n", "copy_assets": false, "quantization": "int8", "signature_key": null,
      "quantization_optimizations": ["DEFAULT"], "quantization_supported_types": ["float16", "int8"],
      "representative_dataset": {"examples": "data/*", "sample_size": 7, "seed": 3},
      "inference_input_type": "uint8", "keep_float_layers": ["a", "b"], "calibration": "percentile",
      "calibration_percentile": 99.5, "input_shapes": {"image": [1, 224, 320, 3]},
      "limits": {"min_sqnr_db": 20, "max_abs_error": 0.1}})");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->name, "n");
  EXPECT_FALSE(options->copy_assets);
  EXPECT_TRUE(options->copy_assets_extra);
  EXPECT_EQ(options->quantization, QuantizationMode::kInt8);
  EXPECT_EQ(options->signature_key, "");
  EXPECT_EQ(options->quantization_optimizations.size(), 1u);
  EXPECT_EQ(options->quantization_supported_types, (std::vector<DataType>{DataType::kHalf, DataType::kInt8}));
  EXPECT_EQ(options->representative_dataset.examples, "data/*");
  EXPECT_EQ(options->representative_dataset.sample_size, 7);
  EXPECT_EQ(options->inference_input_type, DataType::kUint8);
  EXPECT_EQ(options->keep_float_layers, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(options->calibration, Calibration::kPercentile);
  EXPECT_EQ(options->calibration_percentile, 99.5);
  EXPECT_EQ(options->input_shapes.at("image"), (Shape{1, 224, 320, 3}));
  EXPECT_EQ(options->limits.min_sqnr_db, 20);
  EXPECT_FALSE(options->limits.min_top_agreement.has_value());
}

TEST(RewriterOptionsFromJsonTest, MistakesNameTheMember) {
  const auto message = [](const std::string& json) { return std::string(FromJson(json).status().message()); };
  EXPECT_THAT(message(R"({"quantisation": "int8"})"), HasSubstr("no rewriter option \"quantisation\"; nearest: "));
  EXPECT_THAT(message(R"({"quantization": "int3"})"), HasSubstr("quantization: no quantization \"int3\""));
  EXPECT_THAT(message(R"({"copy_assets": 1})"), HasSubstr("copy_assets: expected true or false"));
  EXPECT_THAT(message(R"({"keep_float_ops": "SOFTMAX"})"), HasSubstr("keep_float_ops: expected a list"));
  EXPECT_THAT(message(R"({"representative_dataset": {"sample_size": 1.5}})"),
              HasSubstr("representative_dataset: sample_size: expected an integer"));
  EXPECT_THAT(message(R"({"representative_dataset": {"sample_size": 1e20}})"),
              HasSubstr("representative_dataset: sample_size: expected an integer, found 1e+20"));
  EXPECT_THAT(message(R"({"representative_dataset": {"sample_size": 3000000000}})"),
              HasSubstr("representative_dataset: sample_size: expected a smaller integer"));
  EXPECT_THAT(message(R"({"representative_dataset": {"seed": -1}})"),
              HasSubstr("representative_dataset: seed: expected an integer from 0, found -1"));
  EXPECT_THAT(message(R"({"calibration": true})"), HasSubstr("calibration: expected text, found true"));
  EXPECT_THAT(message(R"({"inference_input_type": "complex64"})"), HasSubstr("inference_input_type: expected float32"));
}

}  // namespace
}  // namespace tfxm

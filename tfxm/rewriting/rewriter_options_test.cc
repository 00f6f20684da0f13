// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/rewriter_options.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

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

}  // namespace
}  // namespace tfxm

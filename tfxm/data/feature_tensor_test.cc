// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/feature_tensor.h"

#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tensorflow/core/example/example.pb.h"
#include "tfxm/testing/status_matchers.h"

namespace tfxm::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
constexpr float kInf = std::numeric_limits<float>::infinity();

using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;
using Words = std::vector<std::string>;

void Add(const Ints& values, tensorflow::Feature* feature) {
  feature->mutable_int64_list()->mutable_value()->Add(values.begin(), values.end());
}
void Add(const Floats& values, tensorflow::Feature* feature) {
  feature->mutable_float_list()->mutable_value()->Add(values.begin(), values.end());
}
void Add(const Words& values, tensorflow::Feature* feature) {
  for (const std::string& value : values) feature->mutable_bytes_list()->add_value(value);
}

// Of examples with a feature "x" of these values; nullopt: without it.
template <typename List>
ExampleBatch BatchOf(const std::vector<std::optional<List>>& rows) {
  ExampleBatch batch;
  for (const std::optional<List>& row : rows) {
    tensorflow::Example example;
    if (row) Add(*row, &(*example.mutable_features()->mutable_feature())["x"]);
    EXPECT_THAT(batch.Append(example.SerializeAsString()), IsOk());
  }
  return batch;
}

template <typename List>
std::shared_ptr<const ExampleBatch> Shared(const std::vector<std::optional<List>>& rows) {
  return std::make_shared<const ExampleBatch>(BatchOf<List>(rows));
}

struct Case {
  const char* name;
  std::shared_ptr<const ExampleBatch> batch;
  DataType dtype;
  int64_t per_example;
  FeatureTensorOptions options;
  std::vector<double> numbers;  // Expected, or
  std::string error;            // a part of the message.
};

std::vector<Case> NumberCases() {
  const FeatureTensorOptions tfma = {.missing = MissingPolicy::kMinusOne, .integers = IntegerPolicy::kRefuseFloats};
  const FeatureTensorOptions training = {
      .missing = MissingPolicy::kFill, .integers = IntegerPolicy::kSameType, .fill = 7.9};
  FeatureTensorOptions quantized = tfma;
  quantized.scale = 0.5f;
  quantized.zero_point = -3;
  const std::vector<std::optional<Floats>> gap = {Floats{1, 2}, std::nullopt, Floats{3, 4}};
  const std::vector<std::optional<Ints>> int_gap = {Ints{1}, Ints{}, Ints{3}};
  // clang-format off
  return {
      // What fits.
      {"floats", Shared<Floats>({{{1, 2}}, {{3, 4}}}), DataType::kFloat, 2, {}, {1, 2, 3, 4}, ""},
      {"integers as floats", Shared<Ints>({{{1, 2}}}), DataType::kFloat, 2, {}, {1, 2}, ""},
      {"integers as float64", Shared<Ints>({{{1, 2}}}), DataType::kDouble, 2, {}, {1, 2}, ""},
      {"integers as bool", Shared<Ints>({{{0, 2}}}), DataType::kBool, 2, {}, {0, 1}, ""},
      {"the ends of int32", Shared<Ints>({{{2147483647, -2147483648}}}), DataType::kInt32, 2, {},
       {2147483647, -2147483648}, ""},
      {"beyond int32", Shared<Ints>({{{1, 2}}, {{3, 1ll << 40}}}), DataType::kInt32, 2, {}, {},
       "example 1 of the batch: feature \"x\" has 1099511627776, which int32 cannot hold; expected 2 of type int32"},
      // MissingPolicy.
      {"missing, kError", Shared<Floats>(gap), DataType::kFloat, 2, {}, {},
       "example 1 of the batch: feature \"x\" is missing; expected 2 of type float32 (shape [None, 2])"},
      {"missing, kMinusOne", Shared<Floats>(gap), DataType::kFloat, 2, tfma, {1, 2, -1, -1, 3, 4}, ""},
      {"empty list, kMinusOne", Shared<Ints>(int_gap), DataType::kInt64, 1, tfma, {1, -1, 3}, ""},
      {"missing, kMinusOne, int32", Shared<Ints>(int_gap), DataType::kInt32, 1, tfma, {}, "example 1 of the batch"},
      {"missing, kFill", Shared<Ints>(int_gap), DataType::kInt64, 1, training, {1, 7, 3}, ""},
      {"too long, kFill", Shared<Floats>({{{1, 2, 3}}}), DataType::kFloat, 2, training, {},
       "\"x\" has 3 values; expected 2 of type float32"},
      {"too short, kMinusOne", Shared<Floats>({{{1}}}), DataType::kFloat, 2, tfma, {},
       "\"x\" has 1 values; expected 2"},
      {"too short, too long, kPad", Shared<Floats>({{{1}}, {{1, 2, 3}}, std::nullopt}), DataType::kFloat, 2,
       {.missing = MissingPolicy::kPad, .fill = 0.5}, {1, 0.5, 1, 2, 0.5, 0.5}, ""},
      // IntegerPolicy.
      {"floats, kTruncate", Shared<Floats>({{{1.9f, -1.9f, 127.9f, -128.9f}}}), DataType::kInt8, 4, {},
       {1, -1, 127, -128}, ""},
      {"infinity, kTruncate", Shared<Floats>({{{1, kInf}}}), DataType::kInt8, 2, {}, {}, "has inf, which int8 cannot hold"},
      {"NaN, kTruncate", Shared<Floats>({{{1, NAN}}}), DataType::kInt64, 2, {}, {}, "has nan, which int64 cannot hold"},
      {"floats, kRefuseFloats", Shared<Floats>({{{1}}}), DataType::kInt32, 1, tfma, {},
       "\"x\" is FLOAT; expected 1 of type int32 (shape [None, 1]) without a scale: there is no way to quantize it"},
      {"integers, kRefuseFloats", Shared<Ints>({{{300}}}), DataType::kUint8, 1, tfma, {}, "has 300, which uint8 cannot hold"},
      {"floats, kSameType", Shared<Floats>({{{1}}}), DataType::kInt64, 1, training, {},
       "\"x\" is FLOAT; expected 1 of type int64"},
      {"integers, kSameType", Shared<Ints>({{{1}}}), DataType::kFloat, 1, training, {}, "\"x\" is INT; expected 1"},
      {"bytes for numbers", Shared<Words>({{{"1"}}}), DataType::kFloat, 1, {}, {}, "\"x\" is BYTES"},
      // Quantized: TFMA's cast, towards zero, does not round.
      {"quantized", Shared<Floats>({{{1, 0.9f, 3.4f, 1000, -1000}}}), DataType::kInt8, 5, quantized,
       {-1, -1, 3, 127, -128}, ""},
      {"quantized integers", Shared<Ints>({{{1, 7}}}), DataType::kUint8, 2, quantized, {0, 11}, ""},
      // Of 1 + 2^-11 and 1 + 3 * 2^-11 the even neighbours, 65,520 and more is infinity, below 2^-14 the steps are 2^-24.
      {"float16", Shared<Floats>({{{1, -0.1f, 1.00048828125f, 1.00146484375f, 65519, 65520, -1e9f, 3e-5f, 2e-8f}}}),
       DataType::kHalf, 9, {}, {1, -0.0999755859375, 1, 1.001953125, 65504, kInf, -kInf, 503 * 0x1p-24, 0}, ""},
      {"integers in float16", Shared<Ints>({{{3, -70000}}}), DataType::kHalf, 2, {}, {3, -kInf}, ""},
      {"uint16", Shared<Ints>({{{3, 65535}}}), DataType::kUint16, 2, {}, {3, 65535}, ""},
      {"beyond uint16", Shared<Ints>({{{65536}}}), DataType::kUint16, 1, {}, {}, "has 65536, which uint16 cannot hold"},
      {"uint32", Shared<Ints>({{{3, 4294967295}}}), DataType::kUint32, 2, {}, {3, 4294967295}, ""},
      {"below uint32", Shared<Ints>({{{3, -1}}}), DataType::kUint32, 2, {}, {}, "has -1, which uint32 cannot hold"},
      {"uint64", Shared<Floats>({{{3, 0x1p63}}}), DataType::kUint64, 2, {}, {3, 0x1p63}, ""},
      {"the ends of int64", Shared<Floats>({{{-0x1p63, 0x1p62}}}), DataType::kInt64, 2, {}, {-0x1p63, 0x1p62}, ""},
      {"beyond int64", Shared<Floats>({{{0x1p63}}}), DataType::kInt64, 1, {}, {}, "which int64 cannot hold"},
      {"strings for numbers", Shared<Ints>({{{1}}}), DataType::kString, 1, {}, {}, "\"x\" is INT"},
  };
  // clang-format on
}

TEST(FeatureTensorTest, Numbers) {
  for (const Case& c : NumberCases()) {
    SCOPED_TRACE(c.name);
    const int n = c.batch->num_examples();
    const TensorSpec input = {"x", c.dtype, {-1, c.per_example}};
    Tensor tensor(c.dtype, {n, c.per_example});
    const absl::Status status = FillInput(c.batch->Find("x"), 0, n, input, c.options, &tensor);
    if (!c.error.empty()) {
      EXPECT_THAT(std::string(status.message()), HasSubstr(c.error));
      continue;
    }
    ASSERT_THAT(status, IsOk());
    std::vector<double> found;
    for (int64_t i = 0; i < tensor.num_elements(); ++i) found.push_back(tensor.ValueAsDouble(i));
    EXPECT_EQ(found, c.numbers);
  }
}

TEST(FeatureTensorTest, EveryInt64StaysWhatItIs) {
  const int64_t large = (int64_t{1} << 53) + 1;
  const ExampleBatch batch = BatchOf<Ints>({{{large, -large}}});
  Tensor tensor(DataType::kInt64, {1, 2});
  ASSERT_THAT(FillInput(batch.Find("x"), 0, 1, {"x", DataType::kInt64, {-1, 2}}, {}, &tensor), IsOk());
  EXPECT_THAT(tensor.values<int64_t>(), ElementsAre(large, -large));
}

TEST(FeatureTensorTest, Strings) {
  const ExampleBatch batch = BatchOf<Words>({{{"a"}}, std::nullopt, {{std::string("b\0c", 3)}}, {{"d", "e"}}});
  const TensorSpec input = {"x", DataType::kString, {-1, 1}};
  const FeatureTensorOptions lenient = {.missing = MissingPolicy::kMinusOne};
  Tensor tensor(DataType::kString, {2, 1});
  ASSERT_THAT(FillInput(batch.Find("x"), 1, 2, input, lenient, &tensor), IsOk());
  EXPECT_THAT(tensor.strings(), ElementsAre("", std::string("b\0c", 3)));
  EXPECT_THAT(FillInput(batch.Find("x"), 1, 2, input, {}, &tensor),
              StatusIs(kInvalid, StartsWith("example 1 of the batch: feature \"x\" is missing")));
  EXPECT_THAT(std::string(FillInput(batch.Find("x"), 2, 2, input, lenient, &tensor).message()),
              HasSubstr("has 2 values; expected 1 of type string"));
  EXPECT_THAT(FillInput(BatchOf<Ints>({{{1}}}).Find("x"), 0, 1, input, lenient, &tensor),
              StatusIs(kInvalid, HasSubstr("\"x\" is INT")));
}

TEST(FeatureTensorTest, AFeatureThatNoExampleHas) {
  const TensorSpec input = {"y", DataType::kFloat, {-1, 2}};
  const FeatureTensorOptions fill = {.missing = MissingPolicy::kFill, .fill = 3, .name_example = false};
  Tensor tensor(DataType::kFloat, {1, 2});
  ASSERT_THAT(FillInput(nullptr, 0, 1, input, fill, &tensor), IsOk());
  EXPECT_THAT(tensor.values<float>(), ElementsAre(3, 3));
  EXPECT_THAT(FillInput(nullptr, 0, 1, input, {.name_example = false}, &tensor),
              StatusIs(kInvalid, StartsWith("feature \"y\" is missing")));
}

TEST(FeatureTensorTest, AnInputIsFedWithTheFeatureOfItsNameOrWithoutKerassSuffix) {
  const ExampleBatch batch = BatchOf<Ints>({{{1}}});
  EXPECT_EQ(FindInputFeature(batch, "x"), batch.Find("x"));
  EXPECT_EQ(FindInputFeature(batch, "x_input"), batch.Find("x"));
  EXPECT_EQ(FindInputFeature(batch, "x_output"), nullptr);
  EXPECT_THAT(NoInputFeature(batch, "xx"),
              StatusIs(kInvalid, AllOf(HasSubstr("input \"xx\""), HasSubstr("nearest features: \"x\""))));
}

TEST(FeatureTensorTest, OpenDimensionsTakeTheirSizeFromTheData) {
  const auto shape = [](Shape input, int64_t values) {
    return ShapeOfExamples({"x", DataType::kFloat, std::move(input)}, values, 5);
  };
  EXPECT_THAT(shape({-1, 3}, 3), IsOkAndHolds(ElementsAre(5, 3)));
  // A model for four: FillInput is given all, however they go in.
  EXPECT_THAT(shape({4, -1}, 8), IsOkAndHolds(ElementsAre(5, 8)));
  EXPECT_THAT(shape({-1, -1, -1, 3}, 12), IsOkAndHolds(ElementsAre(5, 2, 2, 3)));
  EXPECT_THAT(shape({}, 1), IsOkAndHolds(ElementsAre(5, 1)));
  EXPECT_THAT(shape({-1, 3}, 4), StatusIs(kInvalid));
}

TEST(FeatureTensorTest, TensorsFollowTheSameRules) {
  Tensor floats(DataType::kFloat, {2}), integers(DataType::kInt64, {2}), out(DataType::kInt8, {2});
  floats.values<float>()[0] = 1.9f;
  integers.values<int64_t>()[0] = -128;
  const TensorSpec input = {"x", DataType::kInt8, {-1, 2}};
  ASSERT_THAT(FillInput(integers, input, {.integers = IntegerPolicy::kRefuseFloats}, &out), IsOk());
  EXPECT_THAT(out.values<int8_t>(), ElementsAre(-128, 0));
  integers.values<int64_t>()[0] = 1000;
  EXPECT_THAT(FillInput(integers, input, {}, &out),
              StatusIs(kInvalid, HasSubstr("feature \"x\" has 1000, which int8 cannot hold")));
  EXPECT_THAT(FillInput(floats, input, {.integers = IntegerPolicy::kRefuseFloats}, &out),
              StatusIs(kInvalid, HasSubstr("without a scale")));
  Tensor wide(DataType::kInt64, {3});
  EXPECT_THAT(std::string(FillInput(wide, input, {}, &out).message()), HasSubstr("has 3 values; expected 2"));
  ASSERT_THAT(ConvertNumbers(floats, DataType::kInt8, /*scale=*/0.5f, /*zero_point=*/1, out.bytes()), IsOk());
  EXPECT_THAT(out.values<int8_t>(), ElementsAre(4, 1));
  EXPECT_THAT(ConvertNumbers(Tensor(DataType::kString, {1}), DataType::kInt8, 0, 0, out.bytes()),
              StatusIs(absl::StatusCode::kUnimplemented));
}

}  // namespace
}  // namespace tfxm::data

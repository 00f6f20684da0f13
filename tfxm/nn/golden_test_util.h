// Reading files of golden values, and comparing with them.
#ifndef TFXM_NN_GOLDEN_TEST_UTIL_H_
#define TFXM_NN_GOLDEN_TEST_UTIL_H_

#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tfxm/nn/test_util.h"
#include "tfxm/util/io.h"

namespace tfxm::nn {

// The JSON object in tfxm/nn/testdata/`file`.
inline google::protobuf::Struct ReadGoldens(const std::string& file) {
  google::protobuf::Struct parsed;
  const auto json = io::ReadFile("tfxm/nn/testdata/" + file);
  EXPECT_TRUE(json.ok() && io::ParseJson(*json, &parsed).ok()) << file;
  return parsed;
}

inline std::vector<double> Numbers(const google::protobuf::Value& value) {
  std::vector<double> numbers;
  for (const auto& v : value.list_value().values()) numbers.push_back(v.number_value());
  return numbers;
}

// 1e-5 of the largest value, as float32 sums of different order differ.
inline void ExpectNear(const Tensor& actual, const std::vector<double>& expected, const std::string& what) {
  const std::vector<float> values = FloatValues(actual);
  ASSERT_EQ(values.size(), expected.size()) << what;
  double largest = 1;
  for (const double e : expected) largest = std::max(largest, std::fabs(e));
  for (size_t i = 0; i < values.size(); ++i)
    ASSERT_NEAR(values[i], expected[i], 1e-5 * largest) << what << "[" << i << "]";
}

}  // namespace tfxm::nn

#endif  // TFXM_NN_GOLDEN_TEST_UTIL_H_

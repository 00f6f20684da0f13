// SPDX-License-Identifier: Apache-2.0

// Helpers of this folder's tests.
#ifndef TFXM_STATISTICS_TEST_UTIL_H_
#define TFXM_STATISTICS_TEST_UTIL_H_

#include <algorithm>
#include <string>
#include <vector>

#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/statistics/statistics_accumulator.h"
#include "tfxm/util/io.h"

namespace tfxm::statistics {

inline std::string TestData(const std::string& name) { return "tfxm/statistics/testdata/" + name; }

template <typename Proto>
Proto ParseText(const std::string& text) {
  Proto proto;
  const absl::Status status = io::ParseTextProto(text, &proto);
  EXPECT_TRUE(status.ok()) << status;
  return proto;
}

template <typename Proto>
Proto ReadBinary(const std::string& name) {
  Proto proto;
  const absl::Status status = io::ReadBinaryProto(TestData(name), &proto);
  EXPECT_TRUE(status.ok()) << status;
  return proto;
}

// Serialized tf.Examples from text: each the features, without the outer braces.
inline std::vector<std::string> Examples(const std::vector<std::string>& texts) {
  std::vector<std::string> records;
  for (const std::string& text : texts) {
    records.push_back(ParseText<tensorflow::Example>("features {" + text + "}").SerializeAsString());
  }
  return records;
}

inline std::string Floats(const std::string& name, const std::string& values) {
  return "feature { key: \"" + name + "\" value { float_list { value: [" + values + "] } } }";
}
inline std::string Ints(const std::string& name, const std::string& values) {
  return "feature { key: \"" + name + "\" value { int64_list { value: [" + values + "] } } }";
}
inline std::string Bytes(const std::string& name, const std::string& values) {
  return "feature { key: \"" + name + "\" value { bytes_list { value: [" + values + "] } } }";
}

inline absl::Status AddAll(const std::vector<std::string>& records, StatisticsAccumulator* accumulator) {
  data::ExampleBatch batch(/*keep_records=*/true);
  for (const std::string& record : records) {
    if (absl::Status status = batch.Append(record); !status.ok()) return status;
  }
  return accumulator->Add(batch);
}

inline tensorflow::metadata::v0::DatasetFeatureStatistics StatisticsOf(const std::vector<std::string>& records,
                                                                       const StatsOptions& options = {}) {
  StatisticsAccumulator accumulator(options);
  const absl::Status status = AddAll(records, &accumulator);
  EXPECT_TRUE(status.ok()) << status;
  return accumulator.Finish().datasets(0);
}

inline const tensorflow::metadata::v0::FeatureNameStatistics& FeatureOf(
    const tensorflow::metadata::v0::DatasetFeatureStatistics& dataset, const std::string& name) {
  for (const auto& feature : dataset.features()) {
    if (feature.path().step(0) == name) return feature;
  }
  ADD_FAILURE() << "no feature " << name;
  return dataset.features(0);
}

// Empty if equal up to a relative error of numbers; else the differences. NaN equals NaN.
std::string Differences(const google::protobuf::Message& expected, const google::protobuf::Message& actual,
                        double relative_error);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_TEST_UTIL_H_

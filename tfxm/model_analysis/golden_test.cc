// SPDX-License-Identifier: Apache-2.0

// Every case under testdata/golden (README.md there says where they are from) is evaluated and compared with what TFMA
// computed from the same data and config: all keys of all slices, values to 1e-5, plots and thresholds.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "tensorflow_model_analysis/proto/metrics_for_slice.pb.h"
#include "tensorflow_model_analysis/proto/validation_result.pb.h"
#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/model_analysis/test_examples.h"

namespace tfxm::model_analysis {
namespace {

namespace tfma = ::tensorflow_model_analysis;

constexpr char kGolden[] = "tfxm/model_analysis/testdata/golden";

std::string KeyText(const google::protobuf::Message& message) { return io::SerializeDeterministically(message); }

bool Near(const google::protobuf::Message& a, const google::protobuf::Message& b, std::string* difference) {
  google::protobuf::util::MessageDifferencer differencer;
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_float_comparison(google::protobuf::util::DefaultFieldComparator::APPROXIMATE);
  comparator.set_treat_nan_as_equal(true);
  comparator.SetDefaultFractionAndMargin(1e-5, 1e-7);
  differencer.set_field_comparator(&comparator);
  differencer.set_message_field_comparison(google::protobuf::util::MessageDifferencer::EQUIVALENT);
  differencer.ReportDifferencesToString(difference);
  return differencer.Compare(a, b);
}

// TFMA gives arrays of counts as int64 or float32 where this has float64.
void Normalize(tfma::MetricValue* value) {
  if (!value->has_array_value() || value->array_value().data_type() == tfma::ArrayValue::BYTES) return;
  auto* array = value->mutable_array_value();
  array->set_data_type(tfma::ArrayValue::FLOAT64);
  for (float x : array->float32_values()) array->add_float64_values(x);
  for (int64_t x : array->int64_values()) array->add_float64_values(static_cast<double>(x));
  array->clear_float32_values();
  array->clear_int64_values();
}

template <typename ForSlice>
std::map<std::string, ForSlice> BySlice(const std::string& file) {
  std::map<std::string, ForSlice> result;
  for (const std::string& record : ReadRecords(file)) {
    ForSlice message;
    EXPECT_TRUE(message.ParseFromString(record));
    result[KeyText(message.slice_key()) + "|" + KeyText(message.cross_slice_key())] = message;
  }
  return result;
}

// {key: value} of the metrics or plots of a slice.
template <typename Entries>
auto ByKey(const Entries& entries) {
  std::map<std::string, std::decay_t<decltype(entries.begin()->value())>> values;
  for (const auto& entry : entries) values[KeyText(entry.key())] = entry.value();
  return values;
}

template <typename Map>
std::set<std::string> KeysOf(const Map& map) {
  std::set<std::string> keys;
  for (const auto& [key, value] : map) keys.insert(key);
  return keys;
}

class GoldenTest : public testing::TestWithParam<std::string> {
 protected:
  std::string Path(const std::string& name) const { return io::JoinPath(kGolden, GetParam(), name); }
};

TEST_P(GoldenTest, AgreesWithTfma) {
  TempDir dir;
  EvaluateOptions options;
  ASSERT_TRUE(io::ReadTextProto(Path("eval_config.pbtxt"), &options.eval_config).ok());
  const std::string data(absl::StripAsciiWhitespace(*io::ReadFile(Path("data.txt"))));
  options.data = absl::StrCat("tfxm/model_analysis/testdata/data/", data, ".tfrecord.gz");
  options.output_dir = dir / "out";
  const auto result = Evaluate(options);
  ASSERT_TRUE(result.ok()) << result.status();

  const auto wanted = BySlice<tfma::MetricsForSlice>(Path("metrics.tfrecord"));
  const auto found = BySlice<tfma::MetricsForSlice>(dir / "out/metrics-00000-of-00001.tfrecord");
  ASSERT_FALSE(wanted.empty());
  ASSERT_EQ(KeysOf(found), KeysOf(wanted));
  for (const auto& [slice, metrics] : wanted) {
    auto values = ByKey(found.at(slice).metric_keys_and_values());
    ASSERT_EQ(KeysOf(values), KeysOf(ByKey(metrics.metric_keys_and_values())))
        << metrics.slice_key().ShortDebugString() << metrics.cross_slice_key().ShortDebugString();
    for (const auto& entry : metrics.metric_keys_and_values()) {
      const std::string where = metrics.slice_key().ShortDebugString() + " " + entry.key().ShortDebugString();
      tfma::MetricValue value = entry.value();
      Normalize(&value);
      std::string difference;
      EXPECT_TRUE(Near(value, values[KeyText(entry.key())], &difference)) << where << ": " << difference;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    EXPECT_EQ(found.at(slice).metrics().size(), metrics.metrics().size());  // Slices with an error instead of values.
#pragma GCC diagnostic pop
  }

  if (io::Exists(Path("plots.tfrecord"))) {
    const auto wanted_plots = BySlice<tfma::PlotsForSlice>(Path("plots.tfrecord"));
    const auto found_plots = BySlice<tfma::PlotsForSlice>(dir / "out/plots-00000-of-00001.tfrecord");
    for (const auto& [slice, plots] : found_plots) {
      EXPECT_TRUE(plots.plot_keys_and_values().empty() || wanted_plots.count(slice) > 0)
          << "TFMA has no plots of " << plots.slice_key().ShortDebugString();
    }
    for (const auto& [slice, plots] : wanted_plots) {
      if (plots.plot_keys_and_values().empty()) continue;
      ASSERT_TRUE(found_plots.count(slice) > 0);
      auto values = ByKey(found_plots.at(slice).plot_keys_and_values());
      ASSERT_EQ(KeysOf(values), KeysOf(ByKey(plots.plot_keys_and_values())));
      for (const auto& entry : plots.plot_keys_and_values()) {
        std::string difference;
        EXPECT_TRUE(Near(entry.value(), values[KeyText(entry.key())], &difference))
            << entry.key().ShortDebugString() << ": " << difference;
      }
    }
  }

  tfma::ValidationResult validation;
  ASSERT_TRUE(validation.ParseFromString(ReadRecords(Path("validations.tfrecord")).at(0)));
  EXPECT_EQ(result->validation.validation_ok(), validation.validation_ok());
  EXPECT_EQ(result->validation.missing_thresholds(), validation.missing_thresholds());
  EXPECT_EQ(result->validation.missing_slices_size(), validation.missing_slices_size());
  EXPECT_EQ(result->validation.missing_cross_slices_size(), validation.missing_cross_slices_size());
  auto failures = [](const tfma::ValidationResult& v) {
    std::multiset<std::string> keys;
    for (const auto& slice : v.metric_validations_per_slice()) {
      for (const auto& failure : slice.failures()) {
        keys.insert(KeyText(slice.slice_key()) + KeyText(slice.cross_slice_key()) + KeyText(failure.metric_key()) +
                    KeyText(failure.metric_threshold()));
      }
    }
    return keys;
  };
  EXPECT_EQ(failures(result->validation), failures(validation));
}

std::vector<std::string> Cases() { return io::ListDir(kGolden).value_or(std::vector<std::string>()); }

INSTANTIATE_TEST_SUITE_P(All, GoldenTest, testing::ValuesIn(Cases()), [](const auto& info) { return info.param; });

TEST(GoldenFilesTest, AreThere) { EXPECT_GE(Cases().size(), 20u); }

}  // namespace
}  // namespace tfxm::model_analysis

// SPDX-License-Identifier: Apache-2.0

// Examples and configs for tests.
#ifndef TFXM_MODEL_ANALYSIS_TEST_EXAMPLES_H_
#define TFXM_MODEL_ANALYSIS_TEST_EXAMPLES_H_

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/io.h"

namespace tfxm::model_analysis {

// Examples of MNIST and a TFLite model of them (testdata/README.md).
inline constexpr char kMnistData[] = "tfxm/model_analysis/testdata/mnist/data.tfrecord.gz";
inline constexpr char kMnistModel[] = "tfxm/model_analysis/testdata/mnist/tflite";

// An empty directory that is removed at the end.
class TestDir {
 public:
  TestDir() : path_(*io::MakeTempDir(std::filesystem::temp_directory_path().string(), "model_analysis_test_")) {}
  ~TestDir() { (void)io::RemoveAll(path_); }
  std::string operator/(const std::string& name) const { return io::JoinPath(path_, name); }

 private:
  const std::string path_;
};

class ExampleBuilder {
 public:
  ExampleBuilder& Ints(const std::string& name, std::vector<int64_t> values) {
    auto* list = Feature(name)->mutable_int64_list();
    for (int64_t v : values) list->add_value(v);
    return *this;
  }
  ExampleBuilder& Floats(const std::string& name, std::vector<float> values) {
    auto* list = Feature(name)->mutable_float_list();
    for (float v : values) list->add_value(v);
    return *this;
  }
  ExampleBuilder& Bytes(const std::string& name, std::vector<std::string> values) {
    auto* list = Feature(name)->mutable_bytes_list();
    for (const std::string& v : values) list->add_value(v);
    return *this;
  }
  std::string Serialize() const { return io::SerializeDeterministically(example_); }

 private:
  tensorflow::Feature* Feature(const std::string& name) {
    return &(*example_.mutable_features()->mutable_feature())[name];
  }
  tensorflow::Example example_;
};

inline std::string WriteRecords(const std::string& path, const std::vector<std::string>& records) {
  auto writer = *data::TFRecordWriter::Create(path);
  for (const std::string& record : records) (void)writer->Write(record);
  (void)writer->Close();
  return path;
}

inline std::vector<std::string> ReadRecords(const std::string& path) {
  std::vector<std::string> records;
  (void)data::ForEachRecord({path}, [&](absl::string_view record) {
    records.emplace_back(record);
    return absl::OkStatus();
  });
  return records;
}

inline ::tensorflow_model_analysis::EvalConfig Config(const std::string& text) {
  ::tensorflow_model_analysis::EvalConfig config;
  if (!google::protobuf::TextFormat::ParseFromString(text, &config)) std::abort();
  return config;
}

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_TEST_EXAMPLES_H_

// SPDX-License-Identifier: Apache-2.0

// tf.Examples, and files of them, made up by tests.
//
//   const TempDir dir;
//   const std::string file = WriteRecords(dir / "data.gz", {ExampleBuilder().Ints("age", {41}).Serialize()});
#ifndef TFXM_TESTING_EXAMPLE_BUILDER_H_
#define TFXM_TESTING_EXAMPLE_BUILDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/log/absl_check.h"
#include "absl/strings/string_view.h"
#include "tensorflow/core/example/example.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/io.h"

namespace tfxm {

class ExampleBuilder {
 public:
  ExampleBuilder& Ints(const std::string& name, const std::vector<int64_t>& values) {
    auto* list = Feature(name)->mutable_int64_list();
    for (int64_t v : values) list->add_value(v);
    return *this;
  }
  ExampleBuilder& Floats(const std::string& name, const std::vector<float>& values) {
    auto* list = Feature(name)->mutable_float_list();
    for (float v : values) list->add_value(v);
    return *this;
  }
  ExampleBuilder& Bytes(const std::string& name, const std::vector<std::string>& values) {
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

// Returns the path; gzip, if it ends in .gz. Both end the program if they fail: they are for benchmarks, too.
inline std::string WriteRecords(const std::string& path, const std::vector<std::string>& records) {
  const auto writer = data::TFRecordWriter::Create(path);
  ABSL_CHECK_OK(writer);
  for (const std::string& record : records) ABSL_CHECK_OK((*writer)->Write(record));
  ABSL_CHECK_OK((*writer)->Close());
  return path;
}

inline std::vector<std::string> ReadRecords(const std::string& path) {
  std::vector<std::string> records;
  ABSL_CHECK_OK(data::ForEachRecord({path}, [&](absl::string_view record) {
    records.emplace_back(record);
    return absl::OkStatus();
  }));
  return records;
}

}  // namespace tfxm

#endif  // TFXM_TESTING_EXAMPLE_BUILDER_H_

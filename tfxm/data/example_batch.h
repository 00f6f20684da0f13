// SPDX-License-Identifier: Apache-2.0

// Some tf.Examples as columns: one per feature, the values of all examples back to back, with the offsets where each
// example's begin. What every pass over data works on.
//
//   ExampleBatch batch;
//   RETURN_IF_ERROR(batch.Append(serialized_example));       // any number of times
//   if (const Column* fare = batch.Find("fare")) {
//     for (int i = 0; i < batch.num_examples(); ++i) {
//       std::span<const float> values = fare->floats(i);       // empty: present without values, or missing
//     }
//   }
//
// The serialized tf.Example is decoded straight into the columns, without building proto messages. Not synchronized.
//
// Of tf.SequenceExamples, if they are asked for, the context is read as the features of a tf.Example, and each feature
// list is a column with one level more: its values are those of all its steps, back to back, and steps say where each
// step ends.
#ifndef TFXM_DATA_EXAMPLE_BATCH_H_
#define TFXM_DATA_EXAMPLE_BATCH_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/example_encoder.h"

namespace tfxm::data {

enum class ValueType {
  kUnknown = 0,  // Only examples so far in which the feature has no values of any kind.
  kInt = 1,      // Int64List
  kFloat = 2,    // FloatList
  kBytes = 3,    // BytesList
};
// "INT", "FLOAT", "BYTES", "UNKNOWN": tensorflow.metadata.v0.FeatureType's spelling.
absl::string_view ValueTypeName(ValueType type);

// The structure that holds the feature lists of a tf.SequenceExample, as tfx_bsl calls it, and what the names of their
// columns begin with: "##SEQUENCE##/tokens".
inline constexpr absl::string_view kSequenceName = "##SEQUENCE##";
inline constexpr absl::string_view kSequencePrefix = "##SEQUENCE##/";

// One feature of all examples of a batch.
class Column {
 public:
  explicit Column(std::string name, ValueType type = ValueType::kUnknown) : name_(std::move(name)), type_(type) {}
  const std::string& name() const { return name_; }
  ValueType type() const { return type_; }

  // Whether example i has the feature: a list, possibly empty, under this name. A Feature message without any list
  // counts as missing, as in tfx_bsl.
  bool present(int i) const { return i < static_cast<int>(present_.size()) && present_[i]; }
  int num_values(int i) const { return static_cast<int>(end(i) - begin(i)); }

  // The values of example i; only for the column's own type. bytes(i, k) is value k of example i.
  std::span<const int64_t> ints(int i) const { return {ints_.data() + begin(i), end(i) - begin(i)}; }
  std::span<const float> floats(int i) const { return {floats_.data() + begin(i), end(i) - begin(i)}; }
  absl::string_view bytes(int i, int k) const { return bytes_at(begin(i) + k); }
  // Value k of example i as a number; not for bytes.
  double number(int i, int k) const {
    return type_ == ValueType::kFloat ? floats_[begin(i) + k] : static_cast<double>(ints_[begin(i) + k]);
  }

  // Whether it is a feature list. Only then: how many steps example i has, whether step k of them (they are numbered
  // through all examples) has a list, and how many values.
  bool is_sequence() const { return is_sequence_; }
  size_t first_step(int i) const { return i == 0 || steps_.empty() ? 0 : StepsUpTo(i - 1); }
  int num_steps(int i) const { return static_cast<int>(steps_.empty() ? 0 : StepsUpTo(i) - first_step(i)); }
  bool step_present(size_t k) const { return step_present_[k] != 0; }
  int step_size(size_t k) const { return static_cast<int>(step_ends_[k] - (k == 0 ? 0 : step_ends_[k - 1])); }

  // Adds the next example's list to a column that is not read from tf.Examples (ExampleBatch::SetColumn); each only for
  // the column's own type.
  void Append(std::span<const int64_t> values);
  void Append(std::span<const float> values);
  void Append(std::span<const std::string> values);
  void AppendMissing();

  // All values of the batch back to back.
  std::span<const int64_t> all_ints() const { return ints_; }
  std::span<const float> all_floats() const { return floats_; }
  size_t num_all_bytes() const { return bytes_ends_.size(); }
  absl::string_view bytes_at(size_t k) const {
    const size_t from = k == 0 ? 0 : bytes_ends_[k - 1];
    return absl::string_view(bytes_data_).substr(from, bytes_ends_[k] - from);
  }

 private:
  friend class ExampleBatch;
  void Clear();
  void EndExample(bool present, size_t end);
  size_t begin(int i) const { return i == 0 || ends_.empty() ? 0 : ends_[std::min<size_t>(i, ends_.size()) - 1]; }
  size_t end(int i) const { return ends_.empty() ? 0 : ends_[std::min<size_t>(i + 1, ends_.size()) - 1]; }
  size_t StepsUpTo(int i) const { return steps_[std::min<size_t>(i, steps_.size() - 1)]; }
  size_t NumDecoded() const { return std::max({ints_.size(), floats_.size(), bytes_ends_.size()}); }
  std::string name_;
  ValueType type_ = ValueType::kUnknown;
  bool is_sequence_ = false;
  std::vector<uint8_t> present_;  // Shorter than the batch if the last examples lack the feature.
  std::vector<size_t> ends_;
  std::vector<int64_t> ints_;
  std::vector<float> floats_;
  std::string bytes_data_;
  std::vector<size_t> bytes_ends_;
  std::vector<size_t> steps_;  // Of a feature list: the number of steps up to the end of each example.
  std::vector<size_t> step_ends_;
  std::vector<uint8_t> step_present_;
};

class ExampleBatch {
 public:
  // Keeping the records costs a copy of each; asked for by those who pass them on (a model that takes tf.Examples).
  // tf.SequenceExamples are an error unless they are asked for.
  explicit ExampleBatch(bool keep_records = false, bool sequence_examples = false)
      : keep_records_(keep_records), sequence_examples_(sequence_examples) {}
  ExampleBatch(ExampleBatch&&) noexcept = default;

  // Decodes one serialized tf.Example or tf.SequenceExample. INVALID_ARGUMENT if the bytes are not a tf.Example, or if a feature has another
  // type than in the examples before (it names the feature and both types); the batch is then unusable until Clear. A
  // feature given twice in one example counts once, the last one (as protobuf maps do).
  absl::Status Append(absl::string_view serialized);
  // The same for examples [begin, end) of such columns, each of another name, as if they had been serialized
  // (EncodeExample) before.
  absl::Status Append(const std::vector<ExampleColumn>& columns, int64_t begin, int64_t end);
  // Forgets the examples; columns stay (empty, types too), so that their memory is used again. The number in its file of
  // the record that is appended next is for messages.
  void Clear(int64_t first_record = 0);

  // Another way to fill a batch: forgets the examples as Clear does; from then on there are `num_examples`, without
  // features but for those of SetColumn, which replaces a column of the same name.
  void Reset(int num_examples);
  void SetColumn(Column column);

  int num_examples() const { return num_examples_; }
  // The number of example 0 in its file.
  int64_t first_record() const { return first_record_; }
  // Columns in order of first appearance. A column may have no present value in this batch.
  const std::deque<Column>& columns() const { return columns_; }
  // Null if no example so far had the feature.
  const Column* Find(absl::string_view name) const;
  bool keeps_records() const { return keep_records_; }
  // The serialized example; only if records are kept.
  absl::string_view record(int i) const { return records_[i]; }

 private:
  absl::Status AppendFeatures(absl::string_view features);
  absl::Status AppendFeature(absl::string_view name, absl::string_view feature);
  absl::Status CheckName(absl::string_view name) const;
  static absl::Status TakeType(ValueType type, Column* column);
  static absl::Status AppendValues(absl::string_view name, absl::string_view feature, Column* column, bool* present);
  absl::Status AppendFeatureLists(absl::string_view lists);
  absl::Status AppendFeatureList(absl::string_view name, absl::string_view list);
  Column* FindOrAdd(absl::string_view name);
  void BeginExample(Column* column) const;
  absl::Status AppendColumn(const ExampleColumn& from, int64_t begin, int64_t end);

  const bool keep_records_, sequence_examples_;
  int num_examples_ = 0;
  int64_t first_record_ = 0;
  std::deque<Column> columns_;
  std::map<std::string, Column*, std::less<>> by_name_;
  size_t next_guess_ = 0;  // Features usually come in the same order in every example.
  std::vector<std::string> records_;
};

}  // namespace tfxm::data

#endif  // TFXM_DATA_EXAMPLE_BATCH_H_

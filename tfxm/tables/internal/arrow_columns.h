// SPDX-License-Identifier: Apache-2.0

// Arrow's arrays as features (tables.h says what becomes of each type).
//
//   std::map<std::string, data::ValueType> types;
//   RETURN_IF_ERROR(AddFeatureTypes(*schema, &types));              // {"a.b": kInt, …}
//   ASSIGN_OR_RETURN(ArrowColumns columns, ArrowColumns::Make(batch, types));
//   data::EncodeExample(columns.columns(), /*i=*/0, &record);
#ifndef TFXM_TABLES_INTERNAL_ARROW_COLUMNS_H_
#define TFXM_TABLES_INTERNAL_ARROW_COLUMNS_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/example_encoder.h"
#include "tfxm/data/example_source.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace tfxm::tables {

// The features that a table's columns are. INVALID_ARGUMENT names a column that cannot be one.
absl::Status AddFeatureTypes(const arrow::Schema& schema, std::map<std::string, data::ValueType>* types);

// Some rows as features.
class ArrowColumns {
 public:
  // The features `types` (of the whole table), in the order of their names; those that the rows do not have are without
  // values. Integers become floats where `types` says so. INVALID_ARGUMENT names the column, and the row of these, of a
  // value that an int64 cannot hold.
  static absl::StatusOr<ArrowColumns> Make(std::shared_ptr<arrow::RecordBatch> rows,
                                           const std::map<std::string, data::ValueType>& types);
  // A feature with the same value in all rows; of an int, its decimal.
  void AddConstant(const std::string& name, data::ValueType type, const std::string& value);

  // A number that the float of the feature does not tell any more: finite, and beyond what a float32 can hold, or a
  // whole number of more digits than that has, maybe an id.
  struct Loss {
    std::string feature;
    int64_t row;
    double value;
  };
  // The first one of each feature.
  const std::vector<Loss>& losses() const { return losses_; }

  int num_rows() const { return num_rows_; }
  const std::vector<data::ExampleColumn>& columns() const { return columns_; }

 private:
  struct Storage {
    std::vector<int64_t> ints;
    std::vector<float> floats;
    std::vector<absl::string_view> strings;
    std::vector<int64_t> ends;
    std::string constant;
    std::optional<Loss> loss;
  };
  class Reader;

  std::shared_ptr<arrow::RecordBatch> rows_;
  std::shared_ptr<std::map<std::string, Storage>> storage_;
  int num_rows_ = 0;
  std::vector<data::ExampleColumn> columns_;
  std::vector<Loss> losses_;
};

// "PLACE: "a": the integer 12345678901234567890 becomes the float 1.23457e+19, …"; `number` is it as it was written.
std::string LossWarning(absl::string_view place, const ArrowColumns::Loss& loss, absl::string_view number);

// Such rows as a block; row i is at `place` and first_row + i + 1.
class ArrowBlock : public data::ExampleBlock {
 public:
  ArrowBlock(ArrowColumns columns, std::string place, int64_t first_row)
      : columns_(std::move(columns)), place_(std::move(place)), first_row_(first_row) {}
  int size() const override { return columns_.num_rows(); }
  absl::Status Encode(int i, std::string* record) const override {
    data::EncodeExample(columns_.columns(), i, record);
    return absl::OkStatus();
  }
  absl::Status AppendTo(int i, data::ExampleBatch* batch) const override {
    return batch->Append(columns_.columns(), i);
  }
  std::string Origin(int i) const override { return absl::StrCat(place_, first_row_ + i + 1); }

 private:
  const ArrowColumns columns_;
  const std::string place_;
  const int64_t first_row_;
};

}  // namespace tfxm::tables

#endif  // TFXM_TABLES_INTERNAL_ARROW_COLUMNS_H_

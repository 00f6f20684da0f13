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
#include "tfxm/util/status_macros.h"

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

  // A number that the float of the feature does not tell any more (float_losses.h), or a decimal whose whole part it
  // does not tell.
  struct Loss {
    std::string feature;
    int64_t row;
    double value;
    std::string number;  // As the column has it.
    // Not one of 2^53 or more, which may never have been exact.
    bool is_certain;
  };
  // The first one of each feature that is certain, else the first.
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
  absl::Status AppendTo(int begin, int end, data::ExampleBatch* batch) const override {
    const absl::Status status = batch->Append(columns_.columns(), begin, end);
    return status.ok() ? status : Annotate(status, Origin(begin));
  }
  std::string Origin(int i) const override { return absl::StrCat(place_, first_row_ + i + 1); }

 private:
  const ArrowColumns columns_;
  const std::string place_;
  const int64_t first_row_;
};

}  // namespace tfxm::tables

#endif  // TFXM_TABLES_INTERNAL_ARROW_COLUMNS_H_

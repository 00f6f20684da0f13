// SPDX-License-Identifier: Apache-2.0

// The CSV half of tables.h.
#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/compute/pass.h"
#include "tfxm/data/example_encoder.h"
#include "tfxm/tables/internal/csv_blocks.h"
#include "tfxm/tables/internal/csv_cells.h"
#include "tfxm/tables/internal/csv_names.h"
#include "tfxm/tables/tables.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::tables {
namespace {

using data::ValueType;

// What all blocks of a source have in common.
struct Columns {
  std::vector<std::string> names;
  std::vector<ValueType> types;
  std::vector<int> order;             // Of the names, sorted.
  std::vector<std::string> warnings;  // Of the types.
  CsvOptions options;
};

// The features of one row, kept by each thread for the next one of the same source.
struct RowOfThread {
  std::shared_ptr<const Columns> columns;
  std::vector<data::ExampleColumn> row;  // In the order of the names.
  std::vector<int64_t> ints;
  std::vector<float> floats;

  void Prepare(const std::shared_ptr<const Columns>& of) {
    if (columns == of) return;
    columns = of;
    const size_t n = of->names.size();
    row.assign(n, {});
    ints.resize(n);
    floats.resize(n);
    for (size_t k = 0; k < n; ++k) {
      const auto c = static_cast<size_t>(of->order[k]);
      row[k].name = of->names[c];
      row[k].ends = {0};
      // A column without any cell is still one.
      row[k].empty = of->options.empty_is_missing && of->types[c] != ValueType::kUnknown
                         ? data::ExampleColumn::Empty::kNoFeature
                         : data::ExampleColumn::Empty::kList;
    }
  }
};

class Block : public data::ExampleBlock {
 public:
  Block(std::shared_ptr<const Columns> columns, CsvCells cells)
      : columns_(std::move(columns)), cells_(std::move(cells)) {}

  int size() const override { return cells_.num_rows(); }

  std::string Origin(int i) const override { return absl::StrCat(cells_.block().file, ": line ", cells_.Line(i)); }

  absl::Status Encode(int i, std::string* record) const override {
    RowOfThread* row;
    RETURN_IF_ERROR(Parse(i, &row));
    data::EncodeExample(row->row, 0, record);
    return absl::OkStatus();
  }

  absl::Status AppendTo(int i, data::ExampleBatch* batch) const override {
    RowOfThread* row;
    RETURN_IF_ERROR(Parse(i, &row));
    return batch->Append(row->row, 0);
  }

 private:
  absl::Status Parse(int i, RowOfThread** result) const {
    thread_local RowOfThread scratch;
    *result = &scratch;
    scratch.Prepare(columns_);
    auto& [of, row, ints, floats] = scratch;
    for (size_t k = 0; k < row.size(); ++k) {
      const int c = columns_->order[k];
      const absl::string_view& cell = cells_.column(c)[static_cast<size_t>(i)];
      const size_t count = cell.empty() ? 0 : 1;
      row[k].ends[0] = static_cast<int64_t>(count);
      switch (columns_->types[static_cast<size_t>(c)]) {
        case ValueType::kUnknown: break;
        case ValueType::kBytes: row[k].values = std::span<const absl::string_view>(&cell, count); break;
        case ValueType::kInt: {
          const std::optional<int64_t> value = count == 0 ? 0 : ParseIntCell(cell);
          if (!value.has_value()) return WrongType(c, cell, "an int64");
          ints[k] = *value;
          row[k].values = std::span<const int64_t>(&ints[k], count);
          break;
        }
        case ValueType::kFloat: {
          const std::optional<double> value = count == 0 ? 0 : ParseFloatCell(cell);
          if (!value.has_value()) return WrongType(c, cell, "a number");
          floats[k] = static_cast<float>(*value);
          row[k].values = std::span<const float>(&floats[k], count);
          break;
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status WrongType(int c, absl::string_view cell, absl::string_view wanted) const {
    return absl::InvalidArgumentError(absl::StrCat("column \"", columns_->names[static_cast<size_t>(c)], "\": \"",
                                                   absl::CHexEscape(cell.substr(0, 80)), "\" is not ", wanted,
                                                   ", the type that the schema gives it"));
  }

  const std::shared_ptr<const Columns> columns_;
  const CsvCells cells_;
};

class CsvSource : public data::ExampleSource {
 public:
  CsvSource(std::vector<std::string> files, std::shared_ptr<const Columns> columns)
      : files_(std::move(files)), columns_(std::move(columns)) {}

  absl::StatusOr<std::unique_ptr<data::ExampleBlock>> Next() override {
    while (file_ < files_.size()) {
      if (blocks_ == nullptr) {
        ASSIGN_OR_RETURN(blocks_, CsvBlocks::Open(files_[file_], columns_->options));
      }
      ASSIGN_OR_RETURN(std::shared_ptr<const CsvBlock> block, blocks_->Next());
      if (block == nullptr) {
        if (rows_ == 0) without_rows_.push_back(files_[file_]);
        rows_ = 0;
        blocks_.reset();
        ++file_;
        continue;
      }
      ASSIGN_OR_RETURN(CsvCells cells, CsvCells::Parse(std::move(block), columns_->names, columns_->options));
      if (file_ == 0 && rows_ == 0 && columns_->options.column_names.empty()) {
        names_warning_ = WhyDelimiterIsDoubtful(columns_->names, cells);
        if (names_warning_.empty()) names_warning_ = WhyNamesLookLikeData(columns_->names, cells);
      }
      rows_ += cells.num_rows();
      if (cells.num_bad_rows() > 0) {
        if (bad_rows_ == 0) first_bad_ = absl::StrCat(cells.block().file, ": line ", cells.first_bad_line());
        bad_rows_ += cells.num_bad_rows();
      }
      return std::make_unique<Block>(columns_, std::move(cells));
    }
    return nullptr;
  }

  std::vector<std::string> EmptyFiles() const override { return without_rows_; }

  std::vector<std::string> Warnings() const override {
    std::vector<std::string> out = columns_->options.warnings;
    if (!names_warning_.empty()) out.push_back(names_warning_);
    out.insert(out.end(), columns_->warnings.begin(), columns_->warnings.end());
    if (bad_rows_ > 0) {
      out.push_back(
          absl::StrCat(bad_rows_, bad_rows_ == 1 ? " row" : " rows", " with another number of cells than columns ",
                       columns_->options.bad_rows == CsvOptions::BadRows::kSkip ? "left out" : "filled up or cut off",
                       ", the first at ", first_bad_));
    }
    return out;
  }

 private:
  const std::vector<std::string> files_;
  const std::shared_ptr<const Columns> columns_;
  size_t file_ = 0;
  std::unique_ptr<CsvBlocks> blocks_;
  int64_t rows_ = 0;  // Of this file.
  std::vector<std::string> without_rows_;
  int64_t bad_rows_ = 0;
  std::string first_bad_, names_warning_;
};

// The later one in the order unknown, int, float, bytes.
ValueType Wider(ValueType a, ValueType b) { return std::max(a, b); }
static_assert(ValueType::kUnknown < ValueType::kInt && ValueType::kInt < ValueType::kFloat &&
              ValueType::kFloat < ValueType::kBytes);

// The types of the columns `inferred`, of all cells of a file; of others kUnknown.
absl::StatusOr<std::vector<ValueType>> InferTypes(CsvBlocks* blocks, const std::vector<int>& inferred,
                                                  const Columns& columns) {
  std::vector<ValueType> of_file(columns.names.size(), ValueType::kUnknown);
  const size_t at_a_time = static_cast<size_t>(compute::NumThreads());
  while (true) {
    std::vector<std::shared_ptr<const CsvBlock>> some;
    while (some.size() < at_a_time) {
      ASSIGN_OR_RETURN(std::shared_ptr<const CsvBlock> block, blocks->Next());
      if (block == nullptr) break;
      some.push_back(std::move(block));
    }
    if (some.empty()) return of_file;
    std::vector<std::vector<ValueType>> types(some.size(), of_file);
    RETURN_IF_ERROR(compute::ParallelFor(static_cast<int>(some.size()), [&](int b) -> absl::Status {
      ASSIGN_OR_RETURN(const CsvCells cells, CsvCells::Parse(some[b], columns.names, columns.options));
      for (const int c : inferred) {
        ValueType& type = types[b][c];
        for (const absl::string_view cell : cells.column(c)) {
          if (type == ValueType::kBytes) break;
          type = Wider(type, TypeOfCell(cell));
        }
      }
      return absl::OkStatus();
    }));
    for (const std::vector<ValueType>& of_block : types) {
      for (const int c : inferred) of_file[c] = Wider(of_file[c], of_block[c]);
    }
  }
}

bool IsNumber(ValueType type) { return type == ValueType::kInt || type == ValueType::kFloat; }

// Widens the types of the columns to those of one more file. `files` has the first one of each column's type.
void AddTypes(const std::vector<ValueType>& of_file, const std::string& file, Columns* columns,
              std::vector<std::string>* files) {
  for (size_t c = 0; c < of_file.size(); ++c) {
    ValueType& type = columns->types[c];
    const ValueType wider = Wider(type, of_file[c]);
    const bool was_number = IsNumber(type) && of_file[c] == ValueType::kBytes;
    const bool is_number = type == ValueType::kBytes && IsNumber(of_file[c]);
    if ((was_number || is_number) && !(*files)[c].empty()) {
      const std::string& numbers = was_number ? (*files)[c] : file;
      const std::string& text = was_number ? file : (*files)[c];
      columns->warnings.push_back(
          absl::StrCat("column \"", columns->names[c], "\" has numbers in ", numbers, " and text in ", text,
                       ": it is taken for text in all files; if that is not meant, look for the cells in ", text,
                       " that are no numbers"));
      (*files)[c].clear();  // Once is enough.
    } else if (type == ValueType::kUnknown && wider != type) {
      (*files)[c] = file;
    }
    type = wider;
  }
}

// The columns of the files, their types inferred.
absl::StatusOr<std::shared_ptr<const Columns>> ReadColumns(const std::vector<std::string>& files,
                                                           const CsvOptions& options) {
  auto columns = std::make_shared<Columns>();
  columns->options = options;
  std::string first_file;  // With a line of names.
  std::vector<int> inferred;
  std::vector<std::string> of_types;  // See AddTypes.
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const std::unique_ptr<CsvBlocks> blocks, CsvBlocks::Open(file, options));
    const std::vector<std::string>& names = blocks->column_names();
    if (names.empty()) continue;
    if (columns->names.empty()) {
      columns->names = names;
      first_file = file;
      of_types.resize(names.size());
      for (size_t c = 0; c < names.size(); ++c) {
        const auto known = options.types.find(names[c]);
        columns->types.push_back(known == options.types.end() ? ValueType::kUnknown : known->second);
        if (columns->types.back() == ValueType::kUnknown && !options.types_are_complete)
          inferred.push_back(static_cast<int>(c));
      }
    } else if (names != columns->names) {
      return absl::InvalidArgumentError(absl::StrCat(
          file, " has other columns (", absl::StrJoin(names, ", "), ") than ", first_file, " (",
          absl::StrJoin(columns->names, ", "), "); files that are read together have the same ones in the same order",
          LooksLikeRow(names) ? absl::StrCat(". ", kNamesAdvice) : ""));
    }
    if (inferred.empty()) continue;
    ASSIGN_OR_RETURN(const std::vector<ValueType> types, InferTypes(blocks.get(), inferred, *columns));
    AddTypes(types, file, columns.get(), &of_types);
  }
  columns->order.resize(columns->names.size());
  std::iota(columns->order.begin(), columns->order.end(), 0);
  std::sort(columns->order.begin(), columns->order.end(),
            [&](int a, int b) { return columns->names[a] < columns->names[b]; });
  return columns;
}

}  // namespace

absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenCsvFiles(const std::vector<std::string>& files,
                                                                  const CsvOptions& options) {
  ASSIGN_OR_RETURN(std::shared_ptr<const Columns> columns, ReadColumns(files, options));
  return std::make_unique<CsvSource>(files, std::move(columns));
}

absl::StatusOr<CsvOptions> WithTypesOfCsvFiles(const std::vector<std::string>& files, const CsvOptions& options) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const Columns> columns, ReadColumns(files, options));
  CsvOptions complete = options;
  complete.types.clear();
  for (size_t c = 0; c < columns->names.size(); ++c) complete.types[columns->names[c]] = columns->types[c];
  complete.types_are_complete = true;
  complete.warnings.insert(complete.warnings.end(), columns->warnings.begin(), columns->warnings.end());
  return complete;
}

}  // namespace tfxm::tables

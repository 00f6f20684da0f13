// SPDX-License-Identifier: Apache-2.0

// The CSV half of tables.h.
#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/compute/pass.h"
#include "tfxm/data/example_encoder.h"
#include "tfxm/tables/internal/csv_blocks.h"
#include "tfxm/tables/internal/csv_cells.h"
#include "tfxm/tables/internal/csv_names.h"
#include "tfxm/tables/internal/csv_numbers.h"
#include "tfxm/tables/internal/float_losses.h"
#include "tfxm/tables/tables.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

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

class Block : public data::ExampleBlock {
 public:
  // The first number of a feature that a float does not hold (float_losses.h).
  struct Loss {
    int column, row;
    double value;
    absl::string_view cell;
  };

  Block(std::shared_ptr<const Columns> columns, CsvCells cells)
      : columns_(std::move(columns)), cells_(std::move(cells)), values_(columns_->names.size()) {
    features_.reserve(values_.size());
    for (const int c : columns_->order) ReadColumn(c);
  }

  int size() const override { return cells_.num_rows(); }

  std::string Origin(int i) const override { return absl::StrCat(cells_.block().file, ": line ", cells_.Line(i)); }

  absl::Status Encode(int i, std::string* record) const override {
    if (const auto wrong = wrong_.find(i); wrong != wrong_.end()) return WrongType(wrong->second);
    data::EncodeExample(features_, i, record);
    return absl::OkStatus();
  }

  absl::Status AppendTo(int begin, int end, data::ExampleBatch* batch) const override {
    if (const auto wrong = wrong_.lower_bound(begin); wrong != wrong_.end() && wrong->first < end) {
      return Annotate(WrongType(wrong->second), Origin(wrong->first));
    }
    const absl::Status status = batch->Append(features_, begin, end);
    return status.ok() ? status : Annotate(status, Origin(begin));
  }

  const CsvCells& cells() const { return cells_; }
  const std::vector<Loss>& losses() const { return losses_; }

 private:
  struct Values {
    std::vector<int64_t> ints;
    std::vector<float> floats;
    std::vector<absl::string_view> strings;
  };
  struct WrongCell {
    int column;
    absl::string_view cell;
  };

  void ReadColumn(int c) {
    const ValueType type = columns_->types[static_cast<size_t>(c)];
    data::ExampleColumn& feature = features_.emplace_back();
    feature.name = columns_->names[static_cast<size_t>(c)];
    // A column without any cell is still one.
    feature.empty = columns_->options.empty_is_missing && type != ValueType::kUnknown
                        ? data::ExampleColumn::Empty::kNoFeature
                        : data::ExampleColumn::Empty::kList;
    Values& values = values_[static_cast<size_t>(c)];
    switch (type) {
      case ValueType::kUnknown: break;
      case ValueType::kBytes:
        ReadValues(c, [](absl::string_view cell) { return cell; }, &values.strings, &feature);
        break;
      case ValueType::kInt: ReadValues(c, ParseIntCell, &values.ints, &feature); break;
      case ValueType::kFloat: ReadFloats(c, &values.floats, &feature); break;
    }
  }

  void ReadFloats(int c, std::vector<float>* floats, data::ExampleColumn* feature) {
    bool is_lost = false;
    int row = -1;
    const auto parse = [&](absl::string_view cell) -> std::optional<float> {
      const std::optional<double> value = ParseFloatCell(cell);
      if (!value.has_value()) return std::nullopt;
      if (!is_lost && IsLostCell(*value, cell)) {
        is_lost = true;
        losses_.push_back({c, row, *value, cell});
      }
      return static_cast<float>(*value);
    };
    ReadValues(c, parse, floats, feature, &row);
  }

  // Whether a float is not what the cell says.
  static bool IsLostCell(double value, absl::string_view cell) {
    constexpr double kExactInFloat = 1 << 24;
    if (!(std::abs(value) > kExactInFloat)) return false;
    if (std::isinf(static_cast<float>(value))) {  // "inf" is what it says.
      return std::isfinite(value) || cell.find_first_of("0123456789") != absl::string_view::npos;
    }
    return IsLost(value) && IsLongIntegerText(cell);
  }

  // Parses the cells that are not empty; `row` is always the one whose cell is parsed.
  template <typename T, typename Parse>
  void ReadValues(int c, Parse parse, std::vector<T>* values, data::ExampleColumn* feature, int* row) {
    values->reserve(static_cast<size_t>(size()));
    bool has_empty = false;
    *row = 0;
    cells_.VisitColumn(c, [&](absl::string_view cell) {
      if (!cell.empty()) {
        const std::optional<T> value = parse(cell);
        if (!value.has_value()) wrong_.try_emplace(*row, WrongCell{c, cell});
        values->push_back(value.value_or(T()));
      } else if (!has_empty) {
        has_empty = true;
        feature->ends.resize(static_cast<size_t>(*row));
        std::iota(feature->ends.begin(), feature->ends.end(), 1);
      }
      if (has_empty) feature->ends.push_back(static_cast<int64_t>(values->size()));
      ++*row;
    });
    feature->row_size = 1;
    feature->values = std::span<const T>(*values);
  }
  template <typename T, typename Parse>
  void ReadValues(int c, Parse parse, std::vector<T>* values, data::ExampleColumn* feature) {
    int row;
    ReadValues(c, parse, values, feature, &row);
  }

  absl::Status WrongType(const WrongCell& wrong) const {
    const auto c = static_cast<size_t>(wrong.column);
    return absl::InvalidArgumentError(absl::StrCat(
        "column \"", columns_->names[c], "\": \"", PrintableText(wrong.cell.substr(0, 80)), "\" is not ",
        columns_->types[c] == ValueType::kInt ? "an int64" : "a number", ", the type that the schema gives it"));
  }

  const std::shared_ptr<const Columns> columns_;
  const CsvCells cells_;
  std::vector<Values> values_;
  std::vector<data::ExampleColumn> features_;  // In the order of their names.
  std::map<int, WrongCell> wrong_;             // By row, the first in that order.
  std::vector<Loss> losses_;
};

class CsvSource : public data::ExampleSource {
 public:
  CsvSource(std::vector<std::string> files, std::shared_ptr<const Columns> columns)
      : files_(std::move(files)), columns_(std::move(columns)) {}

  absl::StatusOr<std::unique_ptr<data::ExampleBlock>> Next() override {
    while (true) {
      if (!ready_.empty()) {
        absl::StatusOr<std::unique_ptr<Block>> block = std::move(ready_.front());
        ready_.pop_front();
        RETURN_IF_ERROR(block.status());
        Note(**block);
        return *std::move(block);
      }
      if (file_ == files_.size()) return nullptr;
      if (blocks_ == nullptr) {
        ASSIGN_OR_RETURN(blocks_, CsvBlocks::Open(files_[file_], columns_->options));
      }
      ReadAhead();
      if (!ready_.empty()) continue;
      if (rows_ == 0) without_rows_.push_back(files_[file_]);
      rows_ = 0;
      blocks_.reset();
      ++file_;
    }
  }

  std::vector<std::string> EmptyFiles() const override { return without_rows_; }

  std::vector<std::string> Warnings() const override {
    std::vector<std::string> out = columns_->options.warnings;
    if (!names_warning_.empty()) out.push_back(names_warning_);
    out.insert(out.end(), columns_->warnings.begin(), columns_->warnings.end());
    for (std::string& warning : losses_.Warnings()) out.push_back(std::move(warning));
    if (bad_rows_ > 0) {
      out.push_back(
          absl::StrCat(bad_rows_, bad_rows_ == 1 ? " row" : " rows", " with another number of cells than columns ",
                       columns_->options.bad_rows == CsvOptions::BadRows::kSkip ? "left out" : "filled up or cut off",
                       ", the first at ", first_bad_));
    }
    return out;
  }

 private:
  // Some blocks of the file, taken apart side by side; none at its end.
  void ReadAhead() {
    std::vector<std::shared_ptr<const CsvBlock>> some;
    absl::Status status;
    while (status.ok() && static_cast<int>(some.size()) < compute::NumThreads()) {
      absl::StatusOr<std::shared_ptr<const CsvBlock>> block = blocks_->Next();
      status = block.status();
      if (!status.ok() || *block == nullptr) break;
      some.push_back(*std::move(block));
    }
    std::vector<absl::StatusOr<std::unique_ptr<Block>>> parsed(some.size());
    (void)compute::ParallelFor(static_cast<int>(some.size()), [&](int b) -> absl::Status {
      absl::StatusOr<CsvCells> cells = CsvCells::Parse(some[b], columns_->names, columns_->options);
      if (cells.ok()) {
        parsed[b] = std::make_unique<Block>(columns_, *std::move(cells));
      } else {
        parsed[b] = cells.status();
      }
      return absl::OkStatus();
    });
    for (auto& block : parsed) ready_.push_back(std::move(block));
    if (!status.ok()) ready_.emplace_back(status);
  }

  void Note(const Block& block) {
    const CsvCells& cells = block.cells();
    if (file_ == 0 && rows_ == 0 && columns_->options.column_names.empty()) {
      names_warning_ = WhyDelimiterIsDoubtful(columns_->names, cells);
      if (names_warning_.empty()) names_warning_ = WhyNamesLookLikeData(columns_->names, cells);
    }
    rows_ += cells.num_rows();
    for (const Block::Loss& loss : block.losses()) {
      const std::string& name = columns_->names[static_cast<size_t>(loss.column)];
      if (losses_.Has(name)) continue;
      losses_.Add(name,
                  LossWarning(block.Origin(loss.row),
                              {.feature = name,
                               .value = loss.value,
                               .number = loss.cell,
                               .why = "as the column is FLOAT: not all its cells are integers that an int64 can hold, "
                                      "or a schema says so",
                               .advice = "If it is an id, let a schema say BYTES, which keeps all digits"}));
    }
    if (cells.num_bad_rows() > 0) {
      if (bad_rows_ == 0) first_bad_ = absl::StrCat(cells.block().file, ": line ", cells.first_bad_line());
      bad_rows_ += cells.num_bad_rows();
    }
  }

  const std::vector<std::string> files_;
  const std::shared_ptr<const Columns> columns_;
  size_t file_ = 0;
  std::unique_ptr<CsvBlocks> blocks_;
  std::deque<absl::StatusOr<std::unique_ptr<Block>>> ready_;  // Of this file.
  int64_t rows_ = 0;                                          // Of this file.
  std::vector<std::string> without_rows_;
  FloatLosses losses_;
  int64_t bad_rows_ = 0;
  std::string first_bad_, names_warning_;
};

// The later one in the order unknown, int, float, bytes.
ValueType Wider(ValueType a, ValueType b) { return std::max(a, b); }
static_assert(ValueType::kUnknown < ValueType::kInt && ValueType::kInt < ValueType::kFloat &&
              ValueType::kFloat < ValueType::kBytes);

// What the cells of a column make of it.
struct Inferred {
  ValueType type = ValueType::kUnknown;
  TypeDoubts doubts;

  void Add(const CsvCells& cells, int c) {
    int64_t row = 0;
    cells.VisitColumn(c, [&](absl::string_view cell) {
      if (type != ValueType::kBytes || doubts.IsOpen()) {
        const ValueType of_cell = TypeOfCell(cell);
        type = Wider(type, of_cell);
        doubts.Add(cell, of_cell, row);
      }
      ++row;
    });
    doubts.SetPlaces(
        [&](int64_t r) { return absl::StrCat(cells.block().file, ": line ", cells.Line(static_cast<int>(r))); });
  }
  void Merge(const Inferred& next) {
    type = Wider(type, next.type);
    doubts.Merge(next.doubts);
  }
};

// The types of the columns `inferred`, of all cells of a file; of others kUnknown. Adds to `doubts`, one for each column.
absl::StatusOr<std::vector<ValueType>> InferTypes(CsvBlocks* blocks, const std::vector<int>& inferred,
                                                  const Columns& columns, std::vector<TypeDoubts>* doubts) {
  std::vector<Inferred> of_file(columns.names.size());
  for (size_t c = 0; c < of_file.size(); ++c) of_file[c].doubts = (*doubts)[c];
  const size_t at_a_time = static_cast<size_t>(compute::NumThreads());
  while (true) {
    std::vector<std::shared_ptr<const CsvBlock>> some;
    while (some.size() < at_a_time) {
      ASSIGN_OR_RETURN(std::shared_ptr<const CsvBlock> block, blocks->Next());
      if (block == nullptr) break;
      some.push_back(std::move(block));
    }
    if (some.empty()) break;
    std::vector<std::vector<Inferred>> parts(some.size(), of_file);
    RETURN_IF_ERROR(compute::ParallelFor(static_cast<int>(some.size()), [&](int b) -> absl::Status {
      ASSIGN_OR_RETURN(const CsvCells cells, CsvCells::Parse(some[b], columns.names, columns.options));
      for (const int c : inferred) parts[b][c].Add(cells, c);
      return absl::OkStatus();
    }));
    for (const std::vector<Inferred>& part : parts) {
      for (const int c : inferred) of_file[c].Merge(part[c]);
    }
  }
  std::vector<ValueType> types;
  for (size_t c = 0; c < of_file.size(); ++c) {
    types.push_back(of_file[c].type);
    (*doubts)[c] = of_file[c].doubts;
  }
  return types;
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
  std::vector<TypeDoubts> doubts;
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const std::unique_ptr<CsvBlocks> blocks, CsvBlocks::Open(file, options));
    const std::vector<std::string>& names = blocks->column_names();
    if (names.empty()) continue;
    if (columns->names.empty()) {
      columns->names = names;
      first_file = file;
      // With types that are complete it has been said.
      if (options.column_names.empty() && !options.types_are_complete) columns->warnings = UnusualNames(file, names);
      of_types.resize(names.size());
      doubts.resize(names.size());
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
    ASSIGN_OR_RETURN(const std::vector<ValueType> types, InferTypes(blocks.get(), inferred, *columns, &doubts));
    AddTypes(types, file, columns.get(), &of_types);
  }
  for (const int c : inferred) {
    std::string warning = doubts[c].Warning(columns->names[c], columns->types[c]);
    if (!warning.empty()) columns->warnings.push_back(std::move(warning));
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

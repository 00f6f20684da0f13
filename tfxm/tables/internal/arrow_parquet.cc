// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "parquet/arrow/reader.h"
#include "parquet/arrow/schema.h"
#include "parquet/exception.h"
#include "tfxm/tables/internal/arrow_columns.h"
#include "tfxm/tables/internal/arrow_input.h"
#include "tfxm/tables/internal/arrow_reader.h"
#include "tfxm/tables/internal/float_losses.h"
#include "tfxm/tables/internal/text_stream.h"
#include "tfxm/util/io.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::tables {
namespace {

using data::ValueType;

constexpr int64_t kBlockRows = 4096;

// "a%20b" -> "a b", as Hive and Spark write values in names of folders.
std::string Unescape(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && std::isxdigit(static_cast<unsigned char>(text[i + 1])) &&
        std::isxdigit(static_cast<unsigned char>(text[i + 2]))) {
      out.push_back(static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

// The folders name=value above a file.
std::vector<std::pair<std::string, std::string>> Partitions(const std::string& file) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const absl::string_view part : absl::StrSplit(io::Dirname(file), '/')) {
    const std::vector<std::string> words = absl::StrSplit(part, absl::MaxSplits('=', 1));
    if (words.size() == 2 && !words[0].empty()) out.emplace_back(Unescape(words[0]), Unescape(words[1]));
  }
  return out;
}

struct Table {
  std::map<std::string, ValueType> types;       // Of all features.
  std::map<std::string, ValueType> partitions;  // Those of folders.
};

// Why Arrow cannot open a file, in other words for one that has lost its end.
absl::Status WhyNotOpened(const arrow::Status& status, arrow::io::RandomAccessFile* file, const std::string& path) {
  char magic[4] = {};
  const auto read = file->ReadAt(0, sizeof(magic), magic);
  if (!read.ok() || *read < 4 || absl::string_view(magic, 4) != "PAR1" ||
      (!absl::StrContains(status.message(), "magic bytes") && !absl::StrContains(status.message(), "file size is"))) {
    return Annotate(FromArrow(status), path);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": a Parquet file that is cut short: it begins as one, and its end is missing; copy or write it anew"));
}

class File {
 public:
  static absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, const ParquetOptions& options) {
    auto file = std::unique_ptr<File>(new File);
    try {  // What the file's metadata are damaged by is thrown.
      ASSIGN_OR_RETURN(const std::shared_ptr<arrow::io::RandomAccessFile> opened, OpenForArrow(path));
      parquet::arrow::FileReaderBuilder builder;
      parquet::ArrowReaderProperties properties;
      properties.set_batch_size(kBlockRows);
      properties.set_use_threads(true);
      if (arrow::Status status = builder.Open(opened); !status.ok()) {
        return WhyNotOpened(status, opened.get(), path);
      }
      if (arrow::Status status = builder.properties(properties)->Build(&file->reader_); !status.ok()) {
        return Annotate(FromArrow(status), path);
      }
      if (arrow::Status status = file->reader_->GetSchema(&file->schema_); !status.ok()) {
        return Annotate(FromArrow(status), path);
      }
      RETURN_IF_ERROR(Annotate(file->Choose(options), path));
    } catch (const std::exception& e) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": ", e.what()));
    }
    return file;
  }

  const arrow::Schema& schema() const { return *schema_; }  // Of the columns that are read.

  // Null at the end.
  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Next() {
    std::shared_ptr<arrow::RecordBatch> batch;
    try {
      if (batches_ == nullptr) {
        std::vector<int> groups(static_cast<size_t>(reader_->num_row_groups()));
        for (size_t g = 0; g < groups.size(); ++g) groups[g] = static_cast<int>(g);
        auto batches = reader_->GetRecordBatchReader(groups, leaves_);
        if (!batches.ok()) return FromArrow(batches.status());
        batches_ = *std::move(batches);
      }
      if (arrow::Status status = batches_->ReadNext(&batch); !status.ok()) return FromArrow(status);
      if (batch != nullptr) {
        if (arrow::Status status = batch->ValidateFull(); !status.ok()) return FromArrow(status);
      }
    } catch (const std::exception& e) {
      return absl::InvalidArgumentError(e.what());
    }
    return batch;
  }

 private:
  // Sets the columns that are read.
  absl::Status Choose(const ParquetOptions& options) {
    const parquet::SchemaDescriptor& all = *reader_->parquet_reader()->metadata()->schema();
    std::vector<std::string> names;
    for (const auto& field : schema_->fields()) names.push_back(field->name());
    for (const std::string& column : options.columns) {
      if (std::find(names.begin(), names.end(), column) != names.end()) continue;
      const std::string near = NearestNames(column, names);
      return absl::InvalidArgumentError(absl::StrCat("there is no column \"", column, "\"",
                                                     near.empty() ? "" : absl::StrCat("; did you mean ", near), "?"));
    }
    const auto chosen = [&](const std::string& name) {
      return options.columns.empty() ||
             std::find(options.columns.begin(), options.columns.end(), name) != options.columns.end();
    };
    for (int leaf = 0; leaf < all.num_columns(); ++leaf) {
      if (chosen(all.GetColumnRoot(leaf)->name())) leaves_.push_back(leaf);
    }
    arrow::FieldVector fields;
    for (const auto& field : schema_->fields()) {
      if (chosen(field->name())) fields.push_back(field);
    }
    schema_ = arrow::schema(fields);
    return absl::OkStatus();
  }

  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<int> leaves_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
};

class ParquetSource : public data::ExampleSource {
 public:
  ParquetSource(std::vector<std::string> files, ParquetOptions options, Table table)
      : files_(std::move(files)), options_(std::move(options)), table_(std::move(table)) {}

  absl::StatusOr<std::unique_ptr<data::ExampleBlock>> Next() override {
    while (at_ < files_.size()) {
      const std::string& path = files_[at_];
      if (file_ == nullptr) {
        ASSIGN_OR_RETURN(file_, File::Open(path, options_));
        rows_ = 0;
      }
      absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> batch = file_->Next();
      if (!batch.ok()) return Annotate(batch.status(), path);
      if (*batch == nullptr) {
        if (rows_ == 0) without_rows_.push_back(path);
        file_.reset();
        ++at_;
        continue;
      }
      absl::StatusOr<ArrowColumns> columns = ArrowColumns::Make(*batch, table_.types);
      if (!columns.ok()) {
        return Annotate(columns.status(),
                        absl::StrCat(path, ": rows ", rows_ + 1, " to ", rows_ + (*batch)->num_rows()));
      }
      for (const auto& [name, value] : Partitions(path)) {
        columns->AddConstant(name, table_.partitions.at(name), value);
      }
      for (const ArrowColumns::Loss& loss : columns->losses()) WarnOfLoss(loss);
      const int64_t first = rows_;
      rows_ += (*batch)->num_rows();
      return std::make_unique<ArrowBlock>(*std::move(columns), absl::StrCat(path, ": row "), first);
    }
    return nullptr;
  }

  std::vector<std::string> EmptyFiles() const override { return without_rows_; }
  std::vector<std::string> Warnings() const override { return losses_.Warnings(); }

 private:
  void WarnOfLoss(const ArrowColumns::Loss& loss) {
    if (!loss.is_certain || losses_.Has(loss.feature)) return;
    losses_.Add(loss.feature,
                LossWarning(absl::StrCat(files_[at_], ": row ", rows_ + loss.row + 1),
                            {.feature = loss.feature,
                             .value = loss.value,
                             .number = loss.number,
                             .why = "as the column is one of doubles or decimals, which are FLOAT",
                             .advice = "If it is an id, write the column as integers (pandas: Int64, which may lack "
                                       "values) or as text to keep all its digits"}));
  }

  const std::vector<std::string> files_;
  const ParquetOptions options_;
  const Table table_;
  size_t at_ = 0;
  std::unique_ptr<File> file_;
  int64_t rows_ = 0;  // Of this file.
  std::vector<std::string> without_rows_;
  FloatLosses losses_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenParquetFiles(const std::vector<std::string>& files,
                                                                      const ParquetOptions& options) {
  Table table;
  std::map<std::string, std::string> first_file;  // That has the feature.
  for (const std::string& path : files) {
    ASSIGN_OR_RETURN(const std::unique_ptr<File> file, File::Open(path, options));
    std::map<std::string, ValueType> types;
    RETURN_IF_ERROR(Annotate(AddFeatureTypes(file->schema(), &types), path));
    for (const auto& [name, type] : types) {
      ValueType& known = table.types[name];
      if (known == ValueType::kUnknown) first_file[name] = path;
      if (known != ValueType::kUnknown && type != ValueType::kUnknown && known != type) {
        return absl::InvalidArgumentError(
            absl::StrCat("column \"", name, "\" is ", data::ValueTypeName(known), " in ", first_file[name], " and ",
                         data::ValueTypeName(type), " in ", path,
                         "; write one of them anew, or leave the column out: columns (--columns=a,b)"));
      }
      if (type != ValueType::kUnknown) known = type;
    }
    for (const auto& [name, value] : Partitions(path)) {
      int64_t number;
      ValueType& type = table.partitions[name];
      type = std::max(type, absl::SimpleAtoi(value, &number) ? ValueType::kInt : ValueType::kBytes);
    }
  }
  for (const auto& [name, type] : table.partitions) {
    if (table.types.count(name) > 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", name, "\" is a column of ", first_file[name], " and the name of a folder ", name, "=…"));
    }
  }
  return std::make_unique<ParquetSource>(files, options, std::move(table));
}

}  // namespace tfxm::tables

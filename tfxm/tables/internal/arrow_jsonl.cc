// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "arrow/buffer.h"
#include "arrow/json/options.h"
#include "arrow/json/reader.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "tfxm/compute/pass.h"
#include "tfxm/tables/internal/arrow_columns.h"
#include "tfxm/tables/internal/arrow_reader.h"
#include "tfxm/tables/internal/float_losses.h"
#include "tfxm/tables/internal/text_stream.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::tables {
namespace {

constexpr size_t kJsonlBlockBytes = 4 << 20, kMostLineBytes = 64 << 20;

// Whole lines of a file.
struct Lines {
  std::string text;
  int64_t first_line = 1;
};

class LineReader {
 public:
  static absl::StatusOr<std::unique_ptr<LineReader>> Open(const std::string& file) {
    auto reader = std::unique_ptr<LineReader>(new LineReader);
    reader->file_ = file;
    ASSIGN_OR_RETURN(reader->stream_, TextStream::Open(file, "utf-8"));
    return reader;
  }

  // False at the end.
  absl::StatusOr<bool> Next(Lines* lines) {
    size_t end = std::string::npos;
    while (!at_end_ && (text_.size() < kJsonlBlockBytes || (end = text_.rfind('\n')) == std::string::npos)) {
      if (text_.size() > kMostLineBytes) {
        return absl::InvalidArgumentError(absl::StrCat(file_, ": line ", line_, ": no line break in ",
                                                       kMostLineBytes >> 20, " MB, the most that a line may have"));
      }
      const size_t before = text_.size();
      absl::Status read = stream_->Read(std::max(kJsonlBlockBytes, before), &text_);
      if (!read.ok()) return Annotate(read, file_);
      if (line_ == 1 && before == 0 && text_.compare(0, 3, "\xEF\xBB\xBF") == 0) text_.erase(0, 3);
      at_end_ = text_.size() == before;
    }
    if (text_.empty()) return false;
    std::string rest = at_end_ ? "" : text_.substr(end + 1);
    if (!at_end_) text_.resize(end + 1);
    lines->text = std::move(text_);
    lines->first_line = line_;
    line_ += std::count(lines->text.begin(), lines->text.end(), '\n');
    text_ = std::move(rest);
    return true;
  }
  const std::string& file() const { return file_; }

 private:
  std::string file_, text_;
  std::unique_ptr<TextStream> stream_;
  int64_t line_ = 1;
  bool at_end_ = false;
};

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> ParseText(absl::string_view text,
                                                              const std::shared_ptr<arrow::Schema>& schema) {
  arrow::json::ParseOptions options;
  options.explicit_schema = schema;
  if (schema != nullptr) options.unexpected_field_behavior = arrow::json::UnexpectedFieldBehavior::Ignore;
  const auto buffer =
      std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(text.data()), static_cast<int64_t>(text.size()));
  auto batch = arrow::json::ParseOne(options, buffer);
  if (!batch.ok()) return FromArrow(batch.status());
  return *batch;
}

// Arrow counts rows from the beginning of what it was given.
std::string WithoutRow(const absl::Status& status) {
  const absl::string_view message = status.message();
  return std::string(message.substr(0, message.rfind(" in row ")));
}

// The table of the lines; without a schema, its types are inferred from them. An error names the line.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Parse(const std::string& file, const Lines& lines,
                                                          const std::shared_ptr<arrow::Schema>& schema) {
  if (!IsUtf8(lines.text)) {
    size_t at = 0;
    while (const int length = Utf8SequenceLength(absl::string_view(lines.text).substr(at)))
      at += static_cast<size_t>(length);
    return absl::InvalidArgumentError(absl::StrCat(
        file, ": line ",
        lines.first_line + std::count(lines.text.begin(), lines.text.begin() + static_cast<ptrdiff_t>(at), '\n'),
        ": not UTF-8, as JSON must be"));
  }
  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> all = ParseText(lines.text, schema);
  if (all.ok()) return all;
  // Which one is it?
  std::vector<size_t> ends;
  for (size_t begin = 0; begin < lines.text.size();) {
    size_t end = lines.text.find('\n', begin);
    if (end == std::string::npos) end = lines.text.size();
    ends.push_back(end);
    const absl::string_view line = absl::string_view(lines.text).substr(begin, end - begin);
    begin = end + 1;
    if (line.find_first_not_of(" \t\r") == absl::string_view::npos) continue;
    const auto one = ParseText(line, schema);
    if (!one.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          file, ": line ", lines.first_line + static_cast<int64_t>(ends.size()) - 1, ": not a JSON object",
          schema == nullptr ? ", of which there is one a line: " : " of the types before: ", WithoutRow(one.status())));
    }
  }
  // Each alone is one, but not of the types of those before: the first with which these are no table.
  absl::Status status = all.status();
  const auto first = std::partition_point(ends.begin(), ends.end(), [&](size_t end) {
    const auto parsed = ParseText(absl::string_view(lines.text).substr(0, end), schema);
    if (!parsed.ok()) status = parsed.status();
    return parsed.ok();
  });
  return absl::InvalidArgumentError(
      absl::StrCat(file, ": line ", lines.first_line + (first - ends.begin()), ": ", WithoutRow(status)));
}

bool IsNumber(const arrow::DataType& type) {
  return type.id() == arrow::Type::INT64 || type.id() == arrow::Type::DOUBLE;
}

// The type that holds both, or an error that says what is where.
absl::StatusOr<std::shared_ptr<arrow::DataType>> Unify(const std::string& name,
                                                       const std::shared_ptr<arrow::DataType>& a,
                                                       const std::shared_ptr<arrow::DataType>& b) {
  if (a->id() == arrow::Type::NA) return b;
  if (b->id() == arrow::Type::NA || a->Equals(*b)) return a;
  if (IsNumber(*a) && IsNumber(*b)) return arrow::float64();
  if (a->id() == arrow::Type::LIST && b->id() == arrow::Type::LIST) {
    ASSIGN_OR_RETURN(const auto value, Unify(name, a->field(0)->type(), b->field(0)->type()));
    return arrow::list(value);
  }
  if (a->id() == arrow::Type::STRUCT && b->id() == arrow::Type::STRUCT) {
    arrow::FieldVector fields = a->fields();
    for (const auto& field : b->fields()) {
      const std::string inner = absl::StrCat(name, name.empty() ? "" : ".", field->name());
      const auto known =
          std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f->name() == field->name(); });
      if (known == fields.end()) {
        fields.push_back(field);
        continue;
      }
      ASSIGN_OR_RETURN(const auto type, Unify(inner, (*known)->type(), field->type()));
      *known = arrow::field(field->name(), type);
    }
    return arrow::struct_(fields);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is ", b->ToString(), " here and ", a->ToString(), " before"));
}

// Arrow takes text that looks like a time for one; here it stays text.
std::shared_ptr<arrow::DataType> WithoutTimes(const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case arrow::Type::TIMESTAMP: return arrow::utf8();
    case arrow::Type::LIST: return arrow::list(WithoutTimes(type->field(0)->type()));
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields())
        fields.push_back(arrow::field(field->name(), WithoutTimes(field->type())));
      return arrow::struct_(fields);
    }
    default: return type;
  }
}

// The whole number of more than seven digits that a member is in a line, or that is in its list; "" if there is none, as
// in {"a": 1.5e20}.
absl::string_view LongInteger(absl::string_view line, absl::string_view feature) {
  const std::string name = absl::StrCat("\"", feature.substr(feature.rfind('.') + 1), "\"");
  for (size_t at = line.find(name); at != absl::string_view::npos; at = line.find(name, at + 1)) {
    absl::string_view value = absl::StripLeadingAsciiWhitespace(line.substr(at + name.size()));
    if (!absl::ConsumePrefix(&value, ":")) continue;
    value = absl::StripLeadingAsciiWhitespace(value);
    const bool is_list = absl::ConsumePrefix(&value, "[");
    for (const absl::string_view part :
         absl::StrSplit(value.substr(0, value.find_first_of(is_list ? "]" : ",}")), ',')) {
      const absl::string_view number = absl::StripAsciiWhitespace(part);
      if (IsLongIntegerText(number)) return number;
    }
  }
  return "";
}

// Line i of those that are not empty, and its place among all (from 0).
std::pair<absl::string_view, int64_t> NthLine(absl::string_view text, int64_t i) {
  int64_t place = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::StripAsciiWhitespace(line).empty() && i-- == 0) return {line, place};
    ++place;
  }
  return {"", place};
}

class JsonlSource : public data::ExampleSource {
 public:
  JsonlSource(std::vector<std::string> files, std::shared_ptr<arrow::Schema> schema,
              std::map<std::string, data::ValueType> types)
      : files_(std::move(files)), schema_(std::move(schema)), types_(std::move(types)) {}

  absl::StatusOr<std::unique_ptr<data::ExampleBlock>> Next() override {
    Lines lines;
    while (at_ < files_.size()) {
      if (reader_ == nullptr) {
        ASSIGN_OR_RETURN(reader_, LineReader::Open(files_[at_]));
        rows_ = 0;
      }
      ASSIGN_OR_RETURN(const bool more, reader_->Next(&lines));
      if (!more) {
        if (rows_ == 0) without_rows_.push_back(files_[at_]);
        reader_.reset();
        ++at_;
        continue;
      }
      ASSIGN_OR_RETURN(std::shared_ptr<arrow::RecordBatch> batch, Parse(files_[at_], lines, schema_));
      absl::StatusOr<ArrowColumns> columns = ArrowColumns::Make(batch, types_);
      if (!columns.ok()) return Annotate(columns.status(), files_[at_]);
      WarnOfLosses(lines, *columns);
      const int64_t first = rows_;
      rows_ += batch->num_rows();
      return std::make_unique<ArrowBlock>(*std::move(columns), absl::StrCat(files_[at_], ": object "), first);
    }
    return nullptr;
  }

  std::vector<std::string> EmptyFiles() const override { return without_rows_; }
  std::vector<std::string> Warnings() const override { return losses_.Warnings(); }

 private:
  void WarnOfLosses(const Lines& lines, const ArrowColumns& columns) {
    for (const ArrowColumns::Loss& loss : columns.losses()) {
      if (losses_.Has(loss.feature)) continue;
      const auto [line, place] = NthLine(lines.text, loss.row);
      std::string number(LongInteger(line, loss.feature));
      if (number.empty() && std::isinf(static_cast<float>(loss.value))) number = absl::StrCat(loss.value);
      if (number.empty()) continue;
      losses_.Add(loss.feature, LossWarning(absl::StrCat(files_[at_], ": line ", lines.first_line + place),
                                            {.feature = loss.feature,
                                             .value = loss.value,
                                             .number = number,
                                             .why = "as not all numbers there are integers that an int64 can hold",
                                             .advice = "If it is an id, write it as text to keep all its digits"}));
    }
  }

  const std::vector<std::string> files_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::map<std::string, data::ValueType> types_;
  size_t at_ = 0;
  std::unique_ptr<LineReader> reader_;
  int64_t rows_ = 0;  // Of this file.
  std::vector<std::string> without_rows_;
  FloatLosses losses_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenJsonlFiles(const std::vector<std::string>& files,
                                                                    const JsonlOptions& options) {
  std::shared_ptr<arrow::DataType> all = arrow::struct_(arrow::FieldVector());
  const size_t at_a_time = static_cast<size_t>(compute::NumThreads());
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader, LineReader::Open(file));
    bool more = true;
    while (more) {
      std::vector<Lines> some;
      while (some.size() < at_a_time) {
        Lines lines;
        ASSIGN_OR_RETURN(more, reader->Next(&lines));
        if (!more) break;
        some.push_back(std::move(lines));
      }
      std::vector<std::shared_ptr<arrow::DataType>> types(some.size());
      RETURN_IF_ERROR(compute::ParallelFor(static_cast<int>(some.size()), [&](int b) -> absl::Status {
        ASSIGN_OR_RETURN(const std::shared_ptr<arrow::RecordBatch> batch, Parse(file, some[b], nullptr));
        types[b] = WithoutTimes(arrow::struct_(batch->schema()->fields()));
        return absl::OkStatus();
      }));
      for (size_t b = 0; b < some.size(); ++b) {
        absl::StatusOr<std::shared_ptr<arrow::DataType>> unified = Unify("", all, types[b]);
        if (!unified.ok()) {
          return Annotate(unified.status(), absl::StrCat(file, ": lines from ", some[b].first_line));
        }
        all = *std::move(unified);
      }
    }
  }
  auto schema = arrow::schema(all->fields());
  std::map<std::string, data::ValueType> types;
  RETURN_IF_ERROR(Annotate(AddFeatureTypes(*schema, &types), absl::StrJoin(files, ", ")));
  return std::make_unique<JsonlSource>(files, std::move(schema), std::move(types));
}

}  // namespace tfxm::tables

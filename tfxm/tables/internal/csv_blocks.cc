// SPDX-License-Identifier: Apache-2.0

#include "tfxm/tables/internal/csv_blocks.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "arrow/csv/chunker.h"
#include "arrow/csv/options.h"
#include "arrow/util/utf8.h"
#include "tfxm/tables/internal/csv_names.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::tables {
namespace {

constexpr size_t kBlockBytes = 4 << 20, kMostRowBytes = 64 << 20;

arrow::csv::ParseOptions ParseOptionsOf(char delimiter) {
  arrow::csv::ParseOptions out;
  out.delimiter = delimiter;
  out.newlines_in_values = true;
  return out;
}

// Walks over rows as Arrow's parser does.
class RowScanner {
 public:
  RowScanner(absl::string_view text, char delimiter) : text_(text), delimiter_(delimiter) {}

  // Goes to the beginning of the next row, behind empty lines; false if there is none.
  bool Find() {
    while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) Step();
    return at_ < text_.size();
  }
  // Goes behind the row that begins here; false if it does not end.
  bool Pass() {
    bool begins = true;  // A cell does.
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' && begins) {
        if (!PassQuoted()) return false;
        begins = false;
        continue;
      }
      begins = c == delimiter_;
      Step();
      if (c == '\n' || c == '\r') return true;
    }
    return true;
  }
  size_t position() const { return at_; }
  // Lines before this position.
  int64_t line() const { return line_; }
  // The line, counted as in line(), of a quote that is never closed, if Pass found one.
  int64_t open_line() const { return open_line_; }

 private:
  bool PassQuoted() {
    const int64_t line = line_;
    Step();
    while (at_ < text_.size()) {
      const bool quote = text_[at_] == '"';
      Step();
      if (!quote) continue;
      if (at_ >= text_.size() || text_[at_] != '"') return true;
      Step();
    }
    open_line_ = line;
    return false;
  }
  void Step() {
    const char c = text_[at_++];
    if (c == '\n' || (c == '\r' && (at_ >= text_.size() || text_[at_] != '\n'))) ++line_;
  }
  const absl::string_view text_;
  const char delimiter_;
  size_t at_ = 0;
  int64_t line_ = 0, open_line_ = -1;
};

int64_t CountLines(absl::string_view text) {
  int64_t lines = std::count(text.begin(), text.end(), '\n');
  for (size_t i = text.find('\r'); i != absl::string_view::npos; i = text.find('\r', i + 1)) {
    if (i + 1 >= text.size() || text[i + 1] != '\n') ++lines;
  }
  return lines;
}

// What to say of a row with more cells below a line that was taken for one name.
std::string WhyOneColumn(absl::string_view name, absl::string_view row) {
  if (absl::StartsWith(name, "#")) {
    return "If the first lines are comments, take them out of the file: the first line is the one of the names";
  }
  return DelimiterAdvice(name, row);
}

std::string Place(const std::string& file, int64_t line) { return absl::StrCat(file, ": line ", line); }

}  // namespace

CsvBlocks::CsvBlocks(std::string file, const CsvOptions& options) : file_(std::move(file)), options_(options) {}
CsvBlocks::~CsvBlocks() = default;

absl::StatusOr<std::unique_ptr<CsvBlocks>> CsvBlocks::Open(const std::string& file, const CsvOptions& options) {
  auto blocks = std::unique_ptr<CsvBlocks>(new CsvBlocks(file, options));
  ASSIGN_OR_RETURN(blocks->source_, TextStream::Open(file, options.encoding));
  RETURN_IF_ERROR(blocks->FillUp());
  if (absl::StartsWith(blocks->text_, "\xEF\xBB\xBF")) blocks->text_.erase(0, 3);
  if (options.column_names.empty()) {
    RETURN_IF_ERROR(blocks->ReadNames());
  } else {
    blocks->column_names_ = options.column_names;
  }
  std::set<std::string> seen;
  for (size_t c = 0; c < blocks->column_names_.size(); ++c) {
    const std::string& name = blocks->column_names_[c];
    if (name.empty() && blocks->column_names_.size() > 1 && c > 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, ": column ", c + 1, " has no name in the first line; write one. ", kNamesAdvice));
    }
    if (!seen.insert(name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, ": two columns are called \"", name, "\"; rename one. ", kNamesAdvice));
    }
  }
  return blocks;
}

// Reads until there is a block's worth of text.
absl::Status CsvBlocks::FillUp() {
  while (!at_end_ && text_.size() < kBlockBytes) {
    const size_t before = text_.size();
    absl::Status read = source_->Read(kBlockBytes, &text_);
    if (!read.ok()) return Annotate(read, Place(file_, line_ + CountLines(text_)));
    at_end_ = text_.size() == before;
  }
  return absl::OkStatus();
}

absl::Status CsvBlocks::ReadNames() {
  RETURN_IF_ERROR(Check(text_));
  RowScanner scanner(text_, options_.delimiter);
  if (!scanner.Find()) return absl::OkStatus();
  const size_t begin = scanner.position();
  if (!scanner.Pass()) return NoRowEnds();
  const size_t end = scanner.position();
  if (end == text_.size() && !at_end_) return NoRowEnds();
  arrow::csv::BlockParser parser(ParseOptionsOf(options_.delimiter), /*num_cols=*/-1, /*first_row=*/-1,
                                 /*max_num_rows=*/1);
  uint32_t parsed;
  const arrow::Status status = parser.ParseFinal(std::string_view(text_).substr(begin, end - begin), &parsed);
  if (!status.ok()) return Annotate(FromArrow(status), Place(file_, 1 + scanner.line()));
  (void)parser.VisitLastRow([&](const uint8_t* data, uint32_t size, bool, bool = false) {
    column_names_.emplace_back(reinterpret_cast<const char*>(data), size);
    return arrow::Status::OK();
  });
  line_ += scanner.line();
  text_.erase(0, end);
  return absl::OkStatus();
}

absl::Status CsvBlocks::Check(absl::string_view text) const {
  if (const size_t nul = text.find('\0'); nul != absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat(Place(file_, line_ + CountLines(text.substr(0, nul))),
                     ": a NUL byte, which text does not have; is this a CSV file? If it is "
                     "in UTF-16, say so: --encoding=utf-16"));
  }
  arrow::util::InitializeUTF8();
  // A character that is cut off is looked at with what follows.
  size_t size = text.size();
  if (!at_end_) {
    for (int back = 0; back < 4 && size > 0 && static_cast<signed char>(text[size - 1]) < 0; ++back) --size;
  }
  if (arrow::util::ValidateUTF8(reinterpret_cast<const uint8_t*>(text.data()), static_cast<int64_t>(size))) {
    return absl::OkStatus();
  }
  size_t at = 0;
  while (at < size) {
    const int length = Utf8SequenceLength(text.substr(at));
    if (length == 0) break;
    at += static_cast<size_t>(length);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      Place(file_, line_ + CountLines(text.substr(0, at))),
      ": not UTF-8. Say which encoding it is: encoding = cp932 (--encoding=cp932) is Japanese, cp1252 Western European, "
      "utf-16, … (`iconv -l` lists them)"));
}

absl::Status CsvBlocks::NoRowEnds() const {
  RowScanner scanner(text_, options_.delimiter);
  while (scanner.Find() && scanner.Pass()) {
  }
  if (scanner.open_line() >= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(Place(file_, line_ + scanner.open_line()), ": a quoted cell begins here that is never closed"));
  }
  return absl::InvalidArgumentError(absl::StrCat(Place(file_, line_), ": no line break in ", kMostRowBytes >> 20,
                                                 " MB, the most that a row may have; is this a CSV file?"));
}

absl::StatusOr<size_t> CsvBlocks::WholeRows() const {
  const bool has_quotes = absl::StrContains(text_, '"');
  if (at_end_) {
    // Arrow takes the end of the file for the quote that is missing.
    RowScanner scanner(text_, options_.delimiter);
    while (has_quotes && scanner.Find()) {
      if (!scanner.Pass()) return NoRowEnds();
    }
    return text_.size();
  }
  absl::string_view text = text_;
  absl::ConsumeSuffix(&text, "\r");  // Its "\n" may be still to come.
  if (!has_quotes) return text.find_last_of("\r\n") + 1;
  const auto chunker = arrow::csv::MakeChunker(ParseOptionsOf(options_.delimiter));
  std::shared_ptr<arrow::Buffer> whole, partial;
  const arrow::Status status = chunker->Process(
      std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(text.data()), static_cast<int64_t>(text.size())),
      &whole, &partial);
  if (!status.ok()) return Annotate(FromArrow(status), Place(file_, line_));
  return static_cast<size_t>(whole->size());
}

absl::StatusOr<std::shared_ptr<const CsvBlock>> CsvBlocks::Next() {
  auto block = std::make_shared<CsvBlock>();
  block->file = file_;
  block->first_line = line_;
  size_t size = 0;
  while (true) {
    RETURN_IF_ERROR(FillUp());
    if (text_.empty()) return nullptr;
    ASSIGN_OR_RETURN(size, WholeRows());
    if (size > 0) break;
    RETURN_IF_ERROR(Check(text_));
    if (text_.size() >= kMostRowBytes) return NoRowEnds();
    const size_t before = text_.size();
    absl::Status read = source_->Read(std::max(kBlockBytes, before), &text_);
    if (!read.ok()) return Annotate(read, Place(file_, line_ + CountLines(text_)));
    at_end_ = text_.size() == before;
  }
  std::string rest = text_.substr(size);
  text_.resize(size);
  block->text = std::move(text_);
  text_ = std::move(rest);
  RETURN_IF_ERROR(Check(block->text));
  line_ += CountLines(block->text);
  return block;
}

std::string DelimiterAdvice(absl::string_view name, absl::string_view row) {
  for (const char c : {';', '\t', '|', ','}) {
    if (!absl::StrContains(name, c) || !absl::StrContains(row, c)) continue;
    const std::string shown = c == '\t' ? "tab" : absl::StrCat("\"", std::string(1, c), "\"");
    return absl::StrCat("If cells are separated by ", shown, ", say so: delimiter = ", shown,
                        " (--delimiter=", c == '\t' ? "tab" : absl::StrCat("'", std::string(1, c), "'"), ")");
  }
  return "";
}

CsvCells::CsvCells() = default;
CsvCells::CsvCells(CsvCells&&) noexcept = default;
CsvCells::~CsvCells() = default;

absl::StatusOr<CsvCells> CsvCells::Parse(std::shared_ptr<const CsvBlock> block,
                                         const std::vector<std::string>& column_names, const CsvOptions& options) {
  CsvCells cells;
  cells.block_ = block;
  cells.delimiter_ = options.delimiter;
  cells.bad_rows_are_kept_ = options.bad_rows == CsvOptions::BadRows::kKeep;
  const int num_columns = static_cast<int>(column_names.size());
  std::string wrong;
  arrow::csv::ParseOptions parse = ParseOptionsOf(options.delimiter);
  parse.invalid_row_handler = [&](const arrow::csv::InvalidRow& row) {
    const size_t at = static_cast<size_t>(row.text.data() - block->text.data());
    cells.bad_rows_.push_back(at);
    if (options.bad_rows != CsvOptions::BadRows::kError) return arrow::csv::InvalidRowResult::Skip;
    const int64_t line = block->first_line + CountLines(absl::string_view(block->text).substr(0, at));
    const std::string advice = num_columns == 1 ? WhyOneColumn(column_names[0], row.text) : "";
    wrong = absl::StrCat(
        Place(block->file, line), ": ", row.actual_columns, row.actual_columns == 1 ? " cell" : " cells",
        options.column_names.empty() ? ", but the file has " : ", but --column_names names ", num_columns,
        num_columns == 1 ? " column" : " columns",
        row.actual_columns < num_columns ? absl::StrCat("; \"", column_names[static_cast<size_t>(row.actual_columns)],
                                                        "\" is the first that is missing")
                                         : absl::StrCat("; more than \"", column_names.back(), "\", the last one"),
        ". ",
        advice.empty() ? "bad_rows = skip (--bad_rows=skip) leaves such rows out, keep fills them up or cuts them off"
                       : advice);
    return arrow::csv::InvalidRowResult::Error;
  };
  const auto read = [&]() -> absl::Status {
    cells.parser_ = std::make_unique<arrow::csv::BlockParser>(parse, num_columns, /*first_row=*/-1,
                                                              std::numeric_limits<int32_t>::max());
    uint32_t parsed = 0;
    const arrow::Status status = cells.parser_->ParseFinal(std::string_view(block->text), &parsed);
    if (!wrong.empty()) return absl::InvalidArgumentError(wrong);
    if (status.ok() && parsed == block->text.size()) return absl::OkStatus();
    RowScanner scanner(block->text, options.delimiter);
    while (scanner.Find() && scanner.Pass()) {
    }
    if (scanner.open_line() < 0) return Annotate(FromArrow(status), Place(block->file, block->first_line));
    return absl::InvalidArgumentError(absl::StrCat(Place(block->file, block->first_line + scanner.open_line()),
                                                   ": a quoted cell begins here that is never closed"));
  };
  RETURN_IF_ERROR(read());
  if (cells.bad_rows_are_kept_ && !cells.bad_rows_.empty()) {
    parse.invalid_row_handler = nullptr;
    parse.pad_short_rows = true;
    parse.ignore_extra_columns = true;
    RETURN_IF_ERROR(read());
  }
  cells.num_rows_ = cells.parser_->num_rows();
  return cells;
}

std::vector<absl::string_view> CsvCells::Column(int c) const {
  std::vector<absl::string_view> column;
  column.reserve(static_cast<size_t>(num_rows_));
  VisitColumn(c, [&](absl::string_view cell) { column.push_back(cell); });
  return column;
}

int64_t CsvCells::Line(int i) const {
  std::call_once(lines_->once, [&] {
    lines_->of_rows.reserve(static_cast<size_t>(num_rows_));
    for (RowScanner scanner(block_->text, delimiter_); scanner.Find(); scanner.Pass()) {
      const bool is_left_out =
          !bad_rows_are_kept_ && std::binary_search(bad_rows_.begin(), bad_rows_.end(), scanner.position());
      if (!is_left_out) lines_->of_rows.push_back(block_->first_line + scanner.line());
    }
  });
  const auto row = static_cast<size_t>(i);
  return row < lines_->of_rows.size() ? lines_->of_rows[row] : block_->first_line;
}

int64_t CsvCells::first_bad_line() const {
  return block_->first_line + CountLines(absl::string_view(block_->text).substr(0, bad_rows_.front()));
}

}  // namespace tfxm::tables

// SPDX-License-Identifier: Apache-2.0

// A CSV file as blocks of whole rows, and a block as cells. RFC 4180: cells with delimiters, quotes and line breaks in
// them are quoted, a quote inside is doubled; LF, CRLF and CR end rows; empty lines are not rows.
//
//   ASSIGN_OR_RETURN(CsvBlocks blocks, CsvBlocks::Open("people.csv", {}));
//   // blocks.column_names() == {"name", "age"}
//   while (true) {
//     ASSIGN_OR_RETURN(std::shared_ptr<const CsvBlock> block, blocks.Next());
//     if (block == nullptr) break;
//     ASSIGN_OR_RETURN(CsvCells cells, CsvCells::Parse(block, blocks.column_names(), {}));
//     // cells.Column(0)[17] == "Müller"
//   }
#ifndef TFXM_TABLES_INTERNAL_CSV_BLOCKS_H_
#define TFXM_TABLES_INTERNAL_CSV_BLOCKS_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "arrow/csv/parser.h"
#include "arrow/status.h"
#include "tfxm/tables/csv_options.h"
#include "tfxm/tables/internal/text_stream.h"

namespace tfxm::tables {

// Some rows as they are in the file, but in UTF-8.
struct CsvBlock {
  std::string file;
  std::string text;
  int64_t first_line = 1;
};

// Reads one file. A row may have 64 MB.
class CsvBlocks {
 public:
  // Reads the names of the columns. INVALID_ARGUMENT names the file if a name is empty or there twice. The file may be
  // gzip; a byte order mark is skipped.
  static absl::StatusOr<std::unique_ptr<CsvBlocks>> Open(const std::string& file, const CsvOptions& options);
  ~CsvBlocks();

  // Empty if the file is.
  const std::vector<std::string>& column_names() const { return column_names_; }
  // Null at the end. The error names the file and the line: what is not in the encoding, a NUL, a quote that is never
  // closed, a row that is too long.
  absl::StatusOr<std::shared_ptr<const CsvBlock>> Next();

 private:
  CsvBlocks(std::string file, const CsvOptions& options);
  absl::Status ReadNames();
  absl::Status FillUp();
  // How much of text_ are rows that have ended; 0: none.
  absl::StatusOr<size_t> WholeRows() const;
  absl::Status Check(absl::string_view text) const;
  absl::Status NoRowEnds() const;

  const std::string file_;
  const CsvOptions options_;
  std::unique_ptr<TextStream> source_;
  std::string text_;  // Read, but in no block yet: whole rows from its beginning, and perhaps a part of one.
  int64_t line_ = 1;  // Of the beginning of text_.
  bool at_end_ = false;
  std::vector<std::string> column_names_;
};

// What to say if the only column's name and a row have another character that usually separates cells; else empty.
std::string DelimiterAdvice(absl::string_view name, absl::string_view row);

// The cells of a block, without their quotes. Thread safe.
class CsvCells {
 public:
  // INVALID_ARGUMENT names the file and the line of a row with another number of cells, if that is an error.
  static absl::StatusOr<CsvCells> Parse(std::shared_ptr<const CsvBlock> block,
                                        const std::vector<std::string>& column_names, const CsvOptions& options);
  CsvCells(CsvCells&&) noexcept;
  ~CsvCells();

  int num_rows() const { return num_rows_; }
  // Calls visit(cell) for each row; the cell lives as long as these do.
  template <typename Visit>
  void VisitColumn(int c, Visit visit) const {
    (void)parser_->VisitColumn(c, [&](const uint8_t* data, uint32_t size, bool, bool missing) {
      visit(absl::string_view(reinterpret_cast<const char*>(data), missing ? 0 : size));
      return arrow::Status::OK();
    });
  }
  // One for each row.
  std::vector<absl::string_view> Column(int c) const;
  // The line that row i begins in. The first call looks for those of all rows.
  int64_t Line(int i) const;
  const CsvBlock& block() const { return *block_; }
  // Rows that were skipped or made to fit, and the line of the first.
  int64_t num_bad_rows() const { return static_cast<int64_t>(bad_rows_.size()); }
  int64_t first_bad_line() const;

 private:
  CsvCells();
  std::shared_ptr<const CsvBlock> block_;
  std::unique_ptr<arrow::csv::BlockParser> parser_;  // Has the memory of the cells.
  char delimiter_ = ',';
  bool bad_rows_are_kept_ = false;
  std::vector<size_t> bad_rows_;  // Where they begin in the block.
  int num_rows_ = 0;
  struct Lines {
    std::once_flag once;
    std::vector<int64_t> of_rows;
  };
  std::unique_ptr<Lines> lines_ = std::make_unique<Lines>();
};

}  // namespace tfxm::tables

#endif  // TFXM_TABLES_INTERNAL_CSV_BLOCKS_H_

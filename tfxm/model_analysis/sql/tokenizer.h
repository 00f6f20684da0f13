// SPDX-License-Identifier: Apache-2.0

// The words that a statement of the slicing SQL (sql_slicer.h) consists of, and a reader that goes through them.
//
//   ASSIGN_OR_RETURN(TokenReader tokens, TokenReader::Create("SELECT t"));
//   RETURN_IF_ERROR(tokens.Expect("SELECT"));
//   ASSIGN_OR_RETURN(const std::string name, tokens.Name());
#ifndef TFXM_MODEL_ANALYSIS_SQL_TOKENIZER_H_
#define TFXM_MODEL_ANALYSIS_SQL_TOKENIZER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm::model_analysis::sql {

struct Token {
  enum class Kind { kEnd, kName, kQuotedName, kInteger, kNumber, kString, kSymbol };
  Kind kind;
  std::string text;  // A name as written; a string without quotes.
  size_t position;   // Of its first character in the statement.
};

// Comments and white space are left out, the last token is kEnd. INVALID_ARGUMENT for a quote that is not closed.
absl::StatusOr<std::vector<Token>> Tokenize(const std::string& sql);

// INVALID_ARGUMENT: "slice_keys_sql: expected … at character …, found "…": SELECT …".
absl::Status SyntaxError(absl::string_view expected, const Token& found, absl::string_view sql);

class TokenReader {
 public:
  static absl::StatusOr<TokenReader> Create(const std::string& sql);

  const std::string& sql() const { return sql_; }
  const Token& Peek(int ahead = 0) const { return tokens_[std::min(next_ + ahead, tokens_.size() - 1)]; }
  // The token's text in upper case; "" for what is neither a name nor a symbol.
  std::string PeekText(int ahead = 0) const;
  bool AtEnd() const { return Peek().kind == Token::Kind::kEnd; }
  // Whether the token is a name that is not a keyword.
  bool AtName(int ahead = 0) const;
  // SyntaxError at the next token.
  absl::Status Error(absl::string_view expected) const { return SyntaxError(expected, Peek(), sql_); }

  // Those that follow consume tokens.
  void Skip(int tokens = 1) { next_ += tokens; }
  // The next token if it is this keyword (upper case) or symbol.
  bool Accept(absl::string_view text);
  absl::Status Expect(absl::string_view text);
  absl::StatusOr<std::string> Name();
  absl::StatusOr<int64_t> Integer();

 private:
  TokenReader(std::string sql, std::vector<Token> tokens) : sql_(std::move(sql)), tokens_(std::move(tokens)) {}

  std::string sql_;
  std::vector<Token> tokens_;
  size_t next_ = 0;
};

}  // namespace tfxm::model_analysis::sql

#endif  // TFXM_MODEL_ANALYSIS_SQL_TOKENIZER_H_

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/sql/tokenizer.h"

#include <cctype>
#include <cstring>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis::sql {
namespace {

const std::set<std::string>& Keywords() {
  static const std::set<std::string> kKeywords = {
      "SELECT",  "FROM",   "WHERE",    "AS",     "AND",       "OR",     "NOT",    "IN",    "IS",    "NULL",
      "BETWEEN", "LIKE",   "CASE",     "WHEN",   "THEN",      "ELSE",   "END",    "TRUE",  "FALSE", "JOIN",
      "CROSS",   "INNER",  "ON",       "UNNEST", "UNION",     "ALL",    "STRUCT", "ORDER", "BY",    "LIMIT",
      "GROUP",   "HAVING", "DISTINCT", "CAST",   "SAFE_CAST", "EXISTS", "LEFT",   "RIGHT", "FULL",  "WITH"};
  return kKeywords;
}

}  // namespace

absl::StatusOr<std::vector<Token>> Tokenize(const std::string& sql) {
  std::vector<Token> tokens;
  auto add = [&](Token::Kind kind, std::string text, size_t position) {
    tokens.push_back({kind, std::move(text), position});
  };
  for (size_t i = 0; i < sql.size();) {
    const char c = sql[i];
    const size_t start = i;
    if (std::isspace(static_cast<unsigned char>(c))) {
      ++i;
    } else if (c == '#' || (c == '-' && sql.compare(i, 2, "--") == 0)) {
      while (i < sql.size() && sql[i] != '\n') ++i;
    } else if (c == '/' && sql.compare(i, 2, "/*") == 0) {
      const size_t end = sql.find("*/", i + 2);
      i = end == std::string::npos ? sql.size() : end + 2;
    } else if (c == '\'' || c == '"' || c == '`' ||
               (std::strchr("bBrR", c) && i + 1 < sql.size() && (sql[i + 1] == '\'' || sql[i + 1] == '"'))) {
      const bool raw = c == 'r' || c == 'R';
      if (std::isalpha(static_cast<unsigned char>(c))) ++i;
      const char quote = sql[i++];
      std::string text;
      while (i < sql.size() && sql[i] != quote) {
        if (sql[i] == '\\' && i + 1 < sql.size() && !raw) ++i;
        text.push_back(sql[i++]);
      }
      if (i >= sql.size())
        return absl::InvalidArgumentError(
            absl::StrCat("slice_keys_sql: the quote at character ", start, " is not closed: ", sql));
      ++i;
      add(quote == '`' ? Token::Kind::kQuotedName : Token::Kind::kString, std::move(text), start);
    } else if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') {
      while (i < sql.size() && (std::isalnum(static_cast<unsigned char>(sql[i])) || sql[i] == '_')) ++i;
      add(Token::Kind::kName, sql.substr(start, i - start), start);
    } else if (std::isdigit(static_cast<unsigned char>(c)) ||
               (c == '.' && i + 1 < sql.size() && std::isdigit(static_cast<unsigned char>(sql[i + 1])))) {
      bool integer = true;
      while (i < sql.size() &&
             (std::isdigit(static_cast<unsigned char>(sql[i])) || sql[i] == '.' || sql[i] == 'e' || sql[i] == 'E' ||
              ((sql[i] == '-' || sql[i] == '+') && (sql[i - 1] == 'e' || sql[i - 1] == 'E')))) {
        integer &= std::isdigit(static_cast<unsigned char>(sql[i])) != 0;
        ++i;
      }
      add(integer ? Token::Kind::kInteger : Token::Kind::kNumber, sql.substr(start, i - start), start);
    } else {
      static const std::vector<std::string> kTwo = {"<=", ">=", "<>", "!=", "||", "<<", ">>"};
      i += std::find(kTwo.begin(), kTwo.end(), sql.substr(i, 2)) != kTwo.end() ? 2 : 1;
      add(Token::Kind::kSymbol, sql.substr(start, i - start), start);
    }
  }
  add(Token::Kind::kEnd, "", sql.size());
  return tokens;
}

absl::Status SyntaxError(absl::string_view expected, const Token& found, absl::string_view sql) {
  return absl::InvalidArgumentError(absl::StrCat(
      "slice_keys_sql: expected ", expected, " at character ", found.position,
      found.kind == Token::Kind::kEnd ? " (the end)" : absl::StrCat(", found \"", found.text, "\""), ": ", sql));
}

absl::StatusOr<TokenReader> TokenReader::Create(const std::string& sql) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(sql));
  return TokenReader(sql, std::move(tokens));
}

std::string TokenReader::PeekText(int ahead) const {
  const Token& token = Peek(ahead);
  if (token.kind == Token::Kind::kSymbol) return token.text;
  return token.kind == Token::Kind::kName ? absl::AsciiStrToUpper(token.text) : "";
}

bool TokenReader::AtName(int ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == Token::Kind::kQuotedName ||
         (token.kind == Token::Kind::kName && Keywords().count(absl::AsciiStrToUpper(token.text)) == 0);
}

bool TokenReader::Accept(absl::string_view text) {
  const bool matches = PeekText() == text;
  if (matches) ++next_;
  return matches;
}

absl::Status TokenReader::Expect(absl::string_view text) {
  return Accept(text) ? absl::OkStatus() : Error(absl::StrCat("\"", text, "\""));
}

absl::StatusOr<std::string> TokenReader::Name() {
  if (!AtName()) return Error("a name");
  return tokens_[next_++].text;
}

absl::StatusOr<int64_t> TokenReader::Integer() {
  int64_t value;
  if (Peek().kind != Token::Kind::kInteger || !absl::SimpleAtoi(Peek().text, &value)) return Error("an integer");
  ++next_;
  return value;
}

}  // namespace tfxm::model_analysis::sql

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/sql/parser.h"

#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/sql/parser_rules.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis::sql {
namespace {

// What evaluates an expression is nested as the expression is, so that depth is limited: within parentheses and the
// like, which take three levels each, and by operators one behind the other. Both bound what the stack must hold, with
// sanitizers too.
constexpr int kMaxDepth = 300, kMaxOperators = 1000;

}  // namespace

absl::StatusOr<Statement> Parse(const std::string& sql) {
  ASSIGN_OR_RETURN(TokenReader tokens, TokenReader::Create(sql));
  return Parser(std::move(tokens)).ParseStatement();
}

absl::Status Parser::CheckDepth() const {
  if (depth_ <= kMaxDepth) return absl::OkStatus();
  return ValueError(absl::StrCat("too deeply nested at character ", tokens_.Peek().position));
}

absl::Status Parser::CountOperator() {
  if (++operators_ <= kMaxOperators) return absl::OkStatus();
  return ValueError(absl::StrCat("more than ", kMaxOperators, " operators; use IN (…) for a list of values"));
}

absl::StatusOr<Statement> Parser::ParseStatement() {
  Statement statement;
  statement.sql = tokens_.sql();
  ASSIGN_OR_RETURN(statement.select, ParseQuery());
  tokens_.Accept(";");
  if (!tokens_.AtEnd()) return tokens_.Error("the end of the statement");
  return statement;
}

absl::StatusOr<std::unique_ptr<Select>> Parser::ParseQuery() {
  const Level level(&depth_);
  RETURN_IF_ERROR(CheckDepth());
  const bool parenthesized = tokens_.Accept("(");
  ASSIGN_OR_RETURN(std::unique_ptr<Select> select, ParseSelect());
  select->parenthesized = parenthesized;
  if (parenthesized) RETURN_IF_ERROR(tokens_.Expect(")"));
  if (tokens_.Accept("UNION")) {
    RETURN_IF_ERROR(tokens_.Expect("ALL"));
    ASSIGN_OR_RETURN(select->union_all, ParseQuery());
    const size_t left = select->columns.size(), right = select->union_all->columns.size();
    if (left != right) {
      return ValueError(
          absl::StrCat("the sides of UNION ALL have ", left, " and ", right, " columns: ", tokens_.sql()));
    }
  }
  return select;
}

absl::StatusOr<std::unique_ptr<Select>> Parser::ParseSelect() {
  auto select = std::make_unique<Select>();
  RETURN_IF_ERROR(tokens_.Expect("SELECT"));
  select->distinct = tokens_.Accept("DISTINCT");
  if (tokens_.PeekText() == "AS" && tokens_.PeekText(1) == "STRUCT") {
    tokens_.Skip(2);
    select->as_struct = true;
  }
  RETURN_IF_ERROR(ParseColumns(select.get()));
  if (tokens_.Accept("FROM")) RETURN_IF_ERROR(ParseFrom(select.get()));
  if (tokens_.Accept("WHERE")) {
    ASSIGN_OR_RETURN(select->where, ParseExpression());
  }
  RETURN_IF_ERROR(ParseClauses(select.get()));
  return select;
}

absl::Status Parser::ParseColumns(Select* select) {
  static const std::set<std::string> kEnds = {"FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "UNION", ";", ")"};
  select->starts_with_struct = tokens_.PeekText() == "STRUCT";
  do {
    Select::Column column;
    ASSIGN_OR_RETURN(column.expr, ParseExpression());
    if (tokens_.Accept("AS") || tokens_.AtName()) {
      ASSIGN_OR_RETURN(column.alias, tokens_.Name());
    }
    if (select->as_struct && NameOf(*column.expr, column.alias).empty()) {
      return tokens_.Error("AS and a name, which the slice is called by,");
    }
    select->columns.push_back(std::move(column));
  } while (tokens_.Accept(","));
  return tokens_.AtEnd() || kEnds.contains(tokens_.PeekText()) ? absl::OkStatus() : tokens_.Error("\",\" or FROM");
}

absl::Status Parser::ParseFrom(Select* select) {
  while (true) {
    ASSIGN_OR_RETURN(Source source, ParseSource());
    select->sources.push_back(std::move(source));
    if (tokens_.Accept(",")) continue;
    const bool cross = tokens_.Accept("CROSS") || tokens_.Accept("INNER");
    if (tokens_.Accept("JOIN")) continue;
    return cross ? tokens_.Error("\"JOIN\"") : absl::OkStatus();
  }
}

absl::StatusOr<Source> Parser::ParseSource() {
  Source source;
  if (tokens_.PeekText() == "(" && tokens_.PeekText(1) == "SELECT") {
    ASSIGN_OR_RETURN(source.query, ParseQuery());
  } else if (tokens_.Accept("UNNEST")) {
    RETURN_IF_ERROR(tokens_.Expect("("));
    ASSIGN_OR_RETURN(source.array, ParseExpression());
    RETURN_IF_ERROR(tokens_.Expect(")"));
  } else {
    if (!tokens_.AtName()) return tokens_.Error("a feature, UNNEST or a query");
    if (tokens_.PeekText(1) == ".") source.dot = tokens_.Peek(1).position;
    ASSIGN_OR_RETURN(source.array, ParsePrimary());
  }
  if (tokens_.Accept("AS") || tokens_.AtName()) {
    ASSIGN_OR_RETURN(source.alias, tokens_.Name());
  }
  if (source.array != nullptr && tokens_.Accept("WITH")) {
    if (tokens_.PeekText() != "OFFSET") return tokens_.Error("OFFSET");
    tokens_.Skip();
    source.offset = "offset";
    if (tokens_.Accept("AS") || tokens_.AtName()) {
      ASSIGN_OR_RETURN(source.offset, tokens_.Name());
    }
  }
  if (tokens_.Accept("ON")) {
    ASSIGN_OR_RETURN(source.condition, ParseExpression());
  }
  return source;
}

absl::StatusOr<Select::Key> Parser::ParseKey(const Select& select) {
  const Token& token = tokens_.Peek();
  Select::Key key;
  int64_t number;
  if (token.kind == Token::Kind::kInteger && absl::SimpleAtoi(token.text, &number) && number >= 1 &&
      number <= static_cast<int64_t>(select.columns.size())) {
    key.column = number - 1;
  }
  const std::string after = tokens_.PeekText(1);
  const bool alone = tokens_.AtName() && after != "." && after != "(" && after != "[";
  for (size_t i = 0; i < select.columns.size() && alone && !key.column; ++i) {
    const std::string name = NameOf(*select.columns[i].expr, select.columns[i].alias);
    if (!name.empty() && token.text == name) key.column = i;
  }
  if (key.column) {
    tokens_.Skip();
  } else {
    ASSIGN_OR_RETURN(key.expr, ParseExpression());
  }
  return key;
}

absl::Status Parser::ParseClauses(Select* select) {
  if (tokens_.Accept("GROUP")) {
    RETURN_IF_ERROR(tokens_.Expect("BY"));
    do {
      ASSIGN_OR_RETURN(Select::Key key, ParseKey(*select));
      select->group_by.push_back(std::move(key));
    } while (tokens_.Accept(","));
  }
  if (tokens_.Accept("HAVING")) {
    ASSIGN_OR_RETURN(select->having, ParseExpression());
  }
  if (tokens_.Accept("ORDER")) {
    RETURN_IF_ERROR(tokens_.Expect("BY"));
    do {
      ASSIGN_OR_RETURN(Select::Key key, ParseKey(*select));
      key.descending = tokens_.Accept("DESC");
      if (!key.descending) tokens_.Accept("ASC");
      select->order_by.push_back(std::move(key));
    } while (tokens_.Accept(","));
  }
  if (tokens_.Accept("LIMIT")) {
    ASSIGN_OR_RETURN(select->limit, tokens_.Integer());
    if (tokens_.Accept("OFFSET")) {
      ASSIGN_OR_RETURN(select->offset, tokens_.Integer());
    }
  }
  return absl::OkStatus();
}

}  // namespace tfxm::model_analysis::sql

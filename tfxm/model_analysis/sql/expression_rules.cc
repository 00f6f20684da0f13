// SPDX-License-Identifier: Apache-2.0

// The rules of expressions (parser_rules.h).
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/sql/aggregates.h"
#include "tfxm/model_analysis/sql/functions/functions.h"
#include "tfxm/model_analysis/sql/parser_rules.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis::sql {

using Kind = Expr::Kind;
using ExprOr = Parser::ExprOr;

namespace {

template <typename... Children>
ExprPtr Make(Kind kind, std::string text, Children... children) {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->text = std::move(text);
  (expr->children.push_back(std::move(children)), ...);
  return expr;
}

ExprPtr Literal(Value value) {
  ExprPtr expr = Make(Kind::kLiteral, "");
  expr->value = std::move(value);
  return expr;
}

}  // namespace

// Operators of the same precedence, from left to right.
template <typename Operand>
ExprOr Parser::ParseChain(const std::vector<std::string>& operators, Operand operand) {
  ASSIGN_OR_RETURN(ExprPtr left, operand());
  while (true) {
    const auto op = std::find(operators.begin(), operators.end(), tokens_.PeekText());
    if (op == operators.end()) return left;
    tokens_.Skip();
    RETURN_IF_ERROR(CountOperator());
    ASSIGN_OR_RETURN(ExprPtr right, operand());
    left = Make(Kind::kBinary, *op, std::move(left), std::move(right));
  }
}

ExprOr Parser::ParseExpression() {
  const Level level(&depth_);
  RETURN_IF_ERROR(CheckDepth());
  static const std::vector<std::string> kOperators = {"OR"};
  return ParseChain(kOperators, [this] { return ParseAnd(); });
}

ExprOr Parser::ParseAnd() {
  static const std::vector<std::string> kOperators = {"AND"};
  return ParseChain(kOperators, [this] { return ParseNot(); });
}

ExprOr Parser::ParseNot() {
  const Level level(&depth_);
  RETURN_IF_ERROR(CheckDepth());
  if (!tokens_.Accept("NOT")) return ParseComparison();
  ASSIGN_OR_RETURN(ExprPtr operand, ParseNot());
  return Make(Kind::kUnary, "NOT", std::move(operand));
}

ExprOr Parser::ParseComparison() {
  ASSIGN_OR_RETURN(ExprPtr left, ParseArithmetic(0));
  for (const char* symbol : {"=", "!=", "<>", "<=", ">=", "<", ">"}) {
    if (!tokens_.Accept(symbol)) continue;
    ASSIGN_OR_RETURN(ExprPtr right, ParseArithmetic(0));
    const std::string op = std::string(symbol) == "<>" ? "!=" : symbol;
    return Make(Kind::kBinary, op, std::move(left), std::move(right));
  }
  if (tokens_.Accept("IS")) {
    const bool negated = tokens_.Accept("NOT");
    const std::string what = tokens_.PeekText();
    if (what != "NULL" && what != "TRUE" && what != "FALSE") return tokens_.Error("NULL, TRUE or FALSE");
    tokens_.Skip();
    ExprPtr is = Make(Kind::kIs, what, std::move(left));
    return negated ? Make(Kind::kUnary, "NOT", std::move(is)) : std::move(is);
  }
  if (!tokens_.Accept("NOT")) return ParseRange(std::move(left));
  const std::string next = tokens_.PeekText();
  if (next != "IN" && next != "BETWEEN" && next != "LIKE") return tokens_.Error("IN, BETWEEN or LIKE");
  ASSIGN_OR_RETURN(ExprPtr operand, ParseRange(std::move(left)));
  return Make(Kind::kUnary, "NOT", std::move(operand));
}

// IN, BETWEEN and LIKE; the value itself if none of them follows.
ExprOr Parser::ParseRange(ExprPtr value) {
  if (tokens_.Accept("IN")) return ParseIn(std::move(value));
  if (tokens_.Accept("BETWEEN")) {
    ASSIGN_OR_RETURN(ExprPtr low, ParseArithmetic(0));
    RETURN_IF_ERROR(tokens_.Expect("AND"));
    ASSIGN_OR_RETURN(ExprPtr high, ParseArithmetic(0));
    return Make(Kind::kBetween, "", std::move(value), std::move(low), std::move(high));
  }
  if (tokens_.Accept("LIKE")) {
    ASSIGN_OR_RETURN(ExprPtr pattern, ParseArithmetic(0));
    return Make(Kind::kBinary, "LIKE", std::move(value), std::move(pattern));
  }
  return value;
}

ExprOr Parser::ParseIn(ExprPtr value) {
  if (tokens_.Accept("UNNEST")) {
    RETURN_IF_ERROR(tokens_.Expect("("));
    ASSIGN_OR_RETURN(ExprPtr array, ParseExpression());
    RETURN_IF_ERROR(tokens_.Expect(")"));
    return Make(Kind::kInArray, "", std::move(value), std::move(array));
  }
  if (tokens_.PeekText() == "(" && tokens_.PeekText(1) == "SELECT") {
    ASSIGN_OR_RETURN(ExprPtr rows, ParseSubquery(Kind::kArrayQuery));
    return Make(Kind::kInArray, "", std::move(value), std::move(rows));
  }
  RETURN_IF_ERROR(tokens_.Expect("("));
  ExprPtr in = Make(Kind::kIn, "", std::move(value));
  RETURN_IF_ERROR(ParseList(")", &in->children));
  return in;
}

ExprOr Parser::ParseArithmetic(size_t level) {
  static const std::vector<std::vector<std::string>> kOperators = {
      {"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-", "||"}, {"*", "/"}};
  if (level == kOperators.size()) return ParseUnary();
  return ParseChain(kOperators[level], [this, level] { return ParseArithmetic(level + 1); });
}

ExprOr Parser::ParseUnary() {
  const Level level(&depth_);
  RETURN_IF_ERROR(CheckDepth());
  if (tokens_.Accept("+")) return ParseUnary();
  for (const char* op : {"~", "-"}) {
    if (!tokens_.Accept(op)) continue;
    ASSIGN_OR_RETURN(ExprPtr operand, ParseUnary());
    return Make(Kind::kUnary, op, std::move(operand));
  }
  return ParsePostfix();
}

ExprOr Parser::ParsePostfix() {
  ASSIGN_OR_RETURN(ExprPtr operand, ParsePrimary());
  while (true) {
    if (tokens_.PeekText() == "." || tokens_.PeekText() == "[") RETURN_IF_ERROR(CountOperator());
    if (tokens_.Accept(".")) {
      ASSIGN_OR_RETURN(std::string field, tokens_.Name());
      operand = Make(Kind::kField, std::move(field), std::move(operand));
    } else if (tokens_.Accept("[")) {
      ASSIGN_OR_RETURN(operand, ParseElement(std::move(operand)));
    } else {
      return operand;
    }
  }
}

ExprOr Parser::ParseElement(ExprPtr array) {
  ASSIGN_OR_RETURN(const std::string name, tokens_.Name());
  const std::string kind = absl::AsciiStrToUpper(name);
  if (kind != "ORDINAL" && kind != "OFFSET" && kind != "SAFE_ORDINAL" && kind != "SAFE_OFFSET") {
    return tokens_.Error("OFFSET, ORDINAL, SAFE_OFFSET or SAFE_ORDINAL before it");
  }
  RETURN_IF_ERROR(tokens_.Expect("("));
  ASSIGN_OR_RETURN(ExprPtr position, ParseExpression());
  RETURN_IF_ERROR(tokens_.Expect(")"));
  RETURN_IF_ERROR(tokens_.Expect("]"));
  return Make(Kind::kElement, kind, std::move(array), std::move(position));
}

// A number or a text; null if there is none.
ExprOr Parser::ParseNumberOrText() {
  const Token& token = tokens_.Peek();
  ExprPtr literal;
  if (token.kind == Token::Kind::kInteger) {
    int64_t integer;
    if (!absl::SimpleAtoi(token.text, &integer)) return ValueError(token.text + " does not fit an INT64");
    literal = Literal(integer);
  } else if (token.kind == Token::Kind::kNumber) {
    double number;
    if (!absl::SimpleAtod(token.text, &number)) return ValueError(token.text + " is not a number");
    literal = Literal(number);
  } else if (token.kind == Token::Kind::kString) {
    literal = Literal(token.text);
  }
  if (literal != nullptr) tokens_.Skip();
  return literal;
}

ExprOr Parser::ParsePrimary() {
  ASSIGN_OR_RETURN(ExprPtr literal, ParseNumberOrText());
  if (literal != nullptr) return literal;
  const bool bracket = tokens_.PeekText(1) == "(";
  if (tokens_.PeekText() == "(" && tokens_.PeekText(1) == "SELECT") return ParseSubquery(Kind::kQuery);
  if (bracket && tokens_.Accept("EXISTS")) return ParseSubquery(Kind::kExists);
  if (bracket && tokens_.Accept("ARRAY")) return ParseSubquery(Kind::kArrayQuery);
  for (const char* function : {"LEFT", "RIGHT"}) {  // Which are keywords, too.
    if (bracket && tokens_.Accept(function)) return ParseCall(function);
  }
  if (tokens_.Accept("STRUCT")) return ParseStruct();
  if (tokens_.Accept("[")) {
    ExprPtr array = Make(Kind::kArray, "");
    if (!tokens_.Accept("]")) RETURN_IF_ERROR(ParseList("]", &array->children));
    return array;
  }
  if (tokens_.Accept("(")) {
    ASSIGN_OR_RETURN(ExprPtr inner, ParseExpression());
    RETURN_IF_ERROR(tokens_.Expect(")"));
    return inner;
  }
  if (tokens_.Accept("NULL")) return Literal(Value());
  if (tokens_.Accept("TRUE")) return Literal(true);
  if (tokens_.Accept("FALSE")) return Literal(false);
  if (tokens_.Accept("CASE")) return ParseCase();
  if (tokens_.Accept("CAST")) return ParseCast(Kind::kCast);
  if (tokens_.Accept("SAFE_CAST")) return ParseCast(Kind::kSafeCast);
  return ParseNameOrCall();
}

ExprOr Parser::ParseNameOrCall() {
  const bool quoted = tokens_.Peek().kind == Token::Kind::kQuotedName;
  ASSIGN_OR_RETURN(std::string name, tokens_.Name());
  if (!quoted && tokens_.PeekText() == "(") return ParseCall(absl::AsciiStrToUpper(name));
  if (!quoted && name == "example" && tokens_.Accept(".")) {
    ASSIGN_OR_RETURN(std::string feature, tokens_.Name());
    return Make(Kind::kFeature, std::move(feature));
  }
  if (tokens_.PeekText() != "." || !tokens_.AtName(1)) return Make(Kind::kName, std::move(name));
  tokens_.Skip();
  ExprPtr qualified = Make(Kind::kQualifiedName, std::move(name));
  ASSIGN_OR_RETURN(qualified->field, tokens_.Name());
  return qualified;
}

ExprOr Parser::ParseCase() {
  ExprPtr result = Make(Kind::kCase, "");
  auto add = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(ExprPtr child, ParseExpression());
    result->children.push_back(std::move(child));
    return absl::OkStatus();
  };
  if (!tokens_.Accept("WHEN")) {
    result->kind = Kind::kCaseOf;
    RETURN_IF_ERROR(add());
    RETURN_IF_ERROR(tokens_.Expect("WHEN"));
  }
  do {
    RETURN_IF_ERROR(add());
    RETURN_IF_ERROR(tokens_.Expect("THEN"));
    RETURN_IF_ERROR(add());
  } while (tokens_.Accept("WHEN"));
  if (tokens_.Accept("ELSE")) RETURN_IF_ERROR(add());
  RETURN_IF_ERROR(tokens_.Expect("END"));
  return result;
}

ExprOr Parser::ParseCast(Kind kind) {
  RETURN_IF_ERROR(tokens_.Expect("("));
  ASSIGN_OR_RETURN(ExprPtr operand, ParseExpression());
  RETURN_IF_ERROR(tokens_.Expect("AS"));
  ASSIGN_OR_RETURN(const std::string type, tokens_.Name());
  RETURN_IF_ERROR(tokens_.Expect(")"));
  return Make(kind, absl::AsciiStrToUpper(type), std::move(operand));
}

ExprOr Parser::ParseCall(const std::string& function) {
  RETURN_IF_ERROR(tokens_.Expect("("));
  if (IsAggregate(function)) return ParseAggregate(function);
  if (FindFunction(function) == nullptr) {
    return ValueError(absl::StrCat("no function ", function, " (sql_slicer.h lists them): ", tokens_.sql()));
  }
  ExprPtr call = Make(Kind::kCall, function);
  if (!tokens_.Accept(")")) RETURN_IF_ERROR(ParseList(")", &call->children));
  return call;
}

ExprOr Parser::ParseAggregate(const std::string& function) {
  ExprPtr aggregate = Make(Kind::kAggregate, function);
  if (function != "COUNT" || !tokens_.Accept("*")) {
    aggregate->distinct = tokens_.Accept("DISTINCT");
    ASSIGN_OR_RETURN(ExprPtr argument, ParseExpression());
    aggregate->children.push_back(std::move(argument));
  }
  RETURN_IF_ERROR(tokens_.Expect(")"));
  return aggregate;
}

ExprOr Parser::ParseStruct() {
  RETURN_IF_ERROR(tokens_.Expect("("));
  ExprPtr result = Make(Kind::kStruct, "");
  if (tokens_.Accept(")")) return result;
  do {
    ASSIGN_OR_RETURN(ExprPtr field, ParseExpression());
    std::optional<std::string> alias;
    if (tokens_.Accept("AS")) {
      ASSIGN_OR_RETURN(alias, tokens_.Name());
    }
    if (NameOf(*field, alias).empty()) return tokens_.Error("AS and a name, which the slice is called by,");
    result->children.push_back(std::move(field));
    result->aliases.push_back(std::move(alias));
  } while (tokens_.Accept(","));
  RETURN_IF_ERROR(tokens_.Expect(")"));
  return result;
}

// (query)
ExprOr Parser::ParseSubquery(Kind kind) {
  RETURN_IF_ERROR(tokens_.Expect("("));
  ExprPtr result = Make(kind, "");
  ASSIGN_OR_RETURN(result->query, ParseQuery());
  RETURN_IF_ERROR(tokens_.Expect(")"));
  return result;
}

absl::Status Parser::ParseList(absl::string_view end, std::vector<ExprPtr>* list) {
  do {
    ASSIGN_OR_RETURN(ExprPtr item, ParseExpression());
    list->push_back(std::move(item));
  } while (tokens_.Accept(","));
  return tokens_.Expect(end);
}

}  // namespace tfxm::model_analysis::sql

// SPDX-License-Identifier: Apache-2.0

// The rules of the grammar (parser.h) as recursive descent: a function each, which consumes what it stands for.
#ifndef TFXM_MODEL_ANALYSIS_SQL_PARSER_RULES_H_
#define TFXM_MODEL_ANALYSIS_SQL_PARSER_RULES_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/model_analysis/sql/ast.h"
#include "tfxm/model_analysis/sql/tokenizer.h"

namespace tfxm::model_analysis::sql {

class Parser {
 public:
  using ExprOr = absl::StatusOr<ExprPtr>;

  explicit Parser(TokenReader tokens) : tokens_(std::move(tokens)) {}

  absl::StatusOr<Statement> ParseStatement();

 private:
  // A level of nesting, as long as it lives.
  class Level {
   public:
    explicit Level(int* depth) : depth_(*depth) { ++depth_; }
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    int& depth_;
  };
  absl::Status CheckDepth() const;
  absl::Status CountOperator();

  // Queries (parser.cc).
  absl::StatusOr<std::unique_ptr<Select>> ParseQuery();
  absl::StatusOr<std::unique_ptr<Select>> ParseSelect();
  absl::Status ParseColumns(Select* select);
  absl::Status ParseFrom(Select* select);
  absl::StatusOr<Source> ParseSource();
  absl::StatusOr<Select::Key> ParseKey(const Select& select);
  absl::Status ParseClauses(Select* select);

  // Expressions (expression_rules.cc), from the loosest to the tightest operators.
  template <typename Operand>
  ExprOr ParseChain(const std::vector<std::string>& operators, Operand operand);
  ExprOr ParseExpression();
  ExprOr ParseAnd();
  ExprOr ParseNot();
  ExprOr ParseComparison();
  ExprOr ParseRange(ExprPtr value);
  ExprOr ParseIn(ExprPtr value);
  ExprOr ParseArithmetic(size_t level);
  ExprOr ParseUnary();
  ExprOr ParsePostfix();
  ExprOr ParseElement(ExprPtr array);
  ExprOr ParsePrimary();
  ExprOr ParseNumberOrText();
  ExprOr ParseNameOrCall();
  ExprOr ParseCase();
  ExprOr ParseCast(Expr::Kind kind);
  ExprOr ParseCall(const std::string& function);
  ExprOr ParseAggregate(const std::string& function);
  ExprOr ParseStruct();
  ExprOr ParseSubquery(Expr::Kind kind);
  // Expressions with commas between them, to the end of the brackets.
  absl::Status ParseList(absl::string_view end, std::vector<ExprPtr>* list);

  TokenReader tokens_;
  int depth_ = 0, operators_ = 0;
};

}  // namespace tfxm::model_analysis::sql

#endif  // TFXM_MODEL_ANALYSIS_SQL_PARSER_RULES_H_

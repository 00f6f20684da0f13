// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/sql/names.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/sql/tokenizer.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis::sql {
namespace {

using Kind = Expr::Kind;
// Where the aggregate functions of a query go; null where there must be none.
using Aggregates = std::vector<const Expr*>;

class Resolver {
 public:
  explicit Resolver(const std::string& sql) : sql_(sql) {}
  size_t num_variables() const { return num_variables_; }

  absl::Status Resolve(Select* select, bool nested) {
    const size_t outer = introduced_.size();
    for (Source& source : select->sources) RETURN_IF_ERROR(Resolve(&source, nested || select->parenthesized));
    RETURN_IF_ERROR(Resolve(select->where.get(), nullptr));
    for (Select::Column& column : select->columns) RETURN_IF_ERROR(Resolve(column.expr.get(), &select->aggregates));
    for (Select::Key& key : select->group_by) RETURN_IF_ERROR(Resolve(key.expr.get(), nullptr));
    RETURN_IF_ERROR(Resolve(select->having.get(), &select->aggregates));
    for (Select::Key& key : select->order_by) RETURN_IF_ERROR(Resolve(key.expr.get(), &select->aggregates));
    introduced_.resize(outer);
    return select->union_all == nullptr ? absl::OkStatus() : Resolve(select->union_all.get(), nested);
  }

 private:
  struct Introduced {
    std::string qualifier, name;
    size_t variable;
  };

  size_t Introduce(const std::string& qualifier, const std::string& name) {
    introduced_.push_back({qualifier, name, num_variables_++});
    return introduced_.back().variable;
  }

  absl::Status Resolve(Source* source, bool in_parentheses) {
    if (source->query != nullptr) {
      RETURN_IF_ERROR(Resolve(source->query.get(), true));
      for (const Select::Column& column : source->query->columns) {
        const std::string name = NameOf(*column.expr, column.alias);
        source->variables.push_back(Introduce(source->alias.value_or(""), name));
      }
    } else {
      RETURN_IF_ERROR(Resolve(source->array.get(), nullptr));
      if (source->dot && source->array->kind == Kind::kField) {
        return SyntaxError(in_parentheses ? "\")\"" : "the end of the statement",
                           {Token::Kind::kSymbol, ".", *source->dot}, sql_);
      }
      source->variables.push_back(Introduce("", NameOf(*source->array, source->alias)));
      if (source->offset) source->offset_variable = Introduce("", *source->offset);
    }
    return Resolve(source->condition.get(), nullptr);
  }

  // Of null, too: a clause that is not there.
  absl::Status Resolve(Expr* expr, Aggregates* aggregates) {
    if (expr == nullptr) return absl::OkStatus();
    if (expr->kind == Kind::kName) ResolveName(expr);
    if (expr->kind == Kind::kQualifiedName) ResolveQualifiedName(expr);
    if (expr->query != nullptr) return Resolve(expr->query.get(), true);
    const bool is_aggregate = expr->kind == Kind::kAggregate;
    if (is_aggregate && aggregates == nullptr) {
      return ValueError(absl::StrCat(expr->text, " cannot be used here, only among what is selected: ", sql_));
    }
    for (ExprPtr& child : expr->children) {
      RETURN_IF_ERROR(Resolve(child.get(), is_aggregate ? nullptr : aggregates));
    }
    if (is_aggregate) {
      expr->variable = num_variables_++;
      aggregates->push_back(expr);
    }
    return absl::OkStatus();
  }

  void ResolveName(Expr* expr) const {
    expr->kind = Kind::kFeature;
    for (size_t i = introduced_.size(); i-- > 0 && expr->kind == Kind::kFeature;) {
      if (!absl::EqualsIgnoreCase(introduced_[i].name, expr->text)) continue;
      expr->kind = Kind::kVariable;
      expr->variable = introduced_[i].variable;
    }
  }

  // a.b is column b of a query a, or field b of what a stands for: what was introduced last.
  void ResolveQualifiedName(Expr* expr) const {
    for (size_t i = introduced_.size(); i-- > 0;) {
      const Introduced& introduced = introduced_[i];
      if (absl::EqualsIgnoreCase(introduced.qualifier, expr->text) &&
          absl::EqualsIgnoreCase(introduced.name, expr->field)) {
        expr->kind = Kind::kVariable;
        expr->text = introduced.name;
        expr->variable = introduced.variable;
        return;
      }
      if (absl::EqualsIgnoreCase(introduced.name, expr->text)) break;
    }
    auto whole = std::make_unique<Expr>();
    whole->text = std::move(expr->text);
    ResolveName(whole.get());
    expr->kind = Kind::kField;
    expr->text = std::move(expr->field);
    expr->children.push_back(std::move(whole));
  }

  const std::string& sql_;
  std::vector<Introduced> introduced_;
  size_t num_variables_ = 0;
};

}  // namespace

absl::Status ResolveNames(Statement* statement) {
  Resolver resolver(statement->sql);
  RETURN_IF_ERROR(resolver.Resolve(statement->select.get(), false));
  statement->num_variables = resolver.num_variables();
  return absl::OkStatus();
}

}  // namespace tfxm::model_analysis::sql

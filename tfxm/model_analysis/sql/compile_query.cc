// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/sql/compile.h"

namespace tfxm::model_analysis::sql {
namespace {

Evaluator CompileIfAny(const ExprPtr& expr) { return expr == nullptr ? nullptr : Compile(*expr); }

}  // namespace

std::shared_ptr<Query> Compile(const Select& select) {
  auto query = std::make_shared<Query>();
  for (const Source& source : select.sources) {
    query->sources.push_back({.array = CompileIfAny(source.array),
                              .query = source.query == nullptr ? nullptr : Compile(*source.query),
                              .variables = source.variables,
                              .offset = source.offset_variable,
                              .condition = CompileIfAny(source.condition)});
  }
  query->where = CompileIfAny(select.where);
  query->having = CompileIfAny(select.having);
  query->distinct = select.distinct;
  for (const Select::Column& column : select.columns) query->columns.push_back(Compile(*column.expr));
  auto key = [&](const Select::Key& key) { return key.column ? query->columns[*key.column] : Compile(*key.expr); };
  for (const Select::Key& by : select.group_by) query->group_by.push_back(key(by));
  for (const Select::Key& by : select.order_by) query->order_by.emplace_back(key(by), by.descending);
  for (const Expr* aggregate : select.aggregates) {
    query->aggregates.push_back({.function = aggregate->text,
                                 .argument = aggregate->children.empty() ? nullptr : Compile(*aggregate->children[0]),
                                 .distinct = aggregate->distinct,
                                 .variable = aggregate->variable});
  }
  query->limit = select.limit;
  query->offset = select.offset;
  if (select.union_all != nullptr) query->union_all = Compile(*select.union_all);
  return query;
}

}  // namespace tfxm::model_analysis::sql

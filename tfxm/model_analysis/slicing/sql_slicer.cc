// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/slicing/sql_slicer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/sql/ast.h"
#include "tfxm/model_analysis/sql/compile.h"
#include "tfxm/model_analysis/sql/names.h"
#include "tfxm/model_analysis/sql/parser.h"
#include "tfxm/model_analysis/sql/query.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

// Whether the first column may be a STRUCT: it is written as one, or comes out of a query in FROM.
bool MayBeStruct(const sql::Select& select) {
  bool may_be = select.starts_with_struct;
  for (const sql::Source& source : select.sources) may_be |= source.query != nullptr;
  return may_be;
}

}  // namespace

struct SqlSlicer::Statement {
  std::shared_ptr<sql::Query> query;
  size_t num_variables;
  bool as_struct;
  // SELECT AS STRUCT: those of the columns; in a UNION ALL, those of the first side are all rows'.
  std::vector<std::string> names;
};

SqlSlicer::SqlSlicer() = default;
SqlSlicer::~SqlSlicer() = default;

absl::Status SqlSlicer::AddStatement(const std::string& text) {
  ASSIGN_OR_RETURN(sql::Statement parsed, sql::Parse(text));
  RETURN_IF_ERROR(sql::ResolveNames(&parsed));
  for (const sql::Select* select = parsed.select.get(); select != nullptr; select = select->union_all.get()) {
    if (select->as_struct || (select->columns.size() == 1 && MayBeStruct(*select))) continue;
    return sql::ValueError(absl::StrCat("expected SELECT STRUCT(…) or SELECT AS STRUCT …: ", text));
  }
  auto statement = std::make_unique<Statement>();
  statement->query = sql::Compile(*parsed.select);
  statement->num_variables = parsed.num_variables;
  statement->as_struct = parsed.select->as_struct;
  if (statement->as_struct) {
    for (const auto& [expr, alias] : parsed.select->columns) statement->names.push_back(sql::NameOf(*expr, alias));
  }
  statements_.push_back(std::move(statement));
  return absl::OkStatus();
}

absl::Status SqlSlicer::Slice(const data::ExampleBatch& batch, int row, std::vector<SliceKey>* keys) const {
  for (const auto& statement : statements_) {
    std::vector<sql::Value> variables(statement->num_variables);
    sql::Query::Rows rows;
    int64_t steps_left = sql::kMaxSteps;
    RETURN_IF_ERROR(statement->query->Run({&batch, row, &variables, &steps_left}, &rows));
    std::vector<std::string> names = statement->names;
    for (const std::vector<sql::Value>& columns : rows) {
      const std::vector<sql::Value>* values = &columns;
      if (!statement->as_struct) {
        if (sql::IsNull(columns[0])) continue;
        const auto* fields = std::get_if<std::shared_ptr<sql::Array>>(&columns[0]);
        if (fields == nullptr || !(*fields)->is_struct) {
          return sql::ValueError("what is selected must be STRUCT(…), whose fields are the slice's features");
        }
        values = &(*fields)->values;
        if (names.empty()) names = (*fields)->names;
      }
      if (values->size() != names.size()) {
        return sql::ValueError("the sides of UNION ALL have different numbers of fields");
      }
      SliceKey key;
      for (size_t i = 0; i < values->size(); ++i) {
        ASSIGN_OR_RETURN(std::string text, sql::ToSliceText((*values)[i]));
        key.emplace_back(names[i], std::move(text));
      }
      keys->push_back(std::move(key));
    }
  }
  return absl::OkStatus();
}

}  // namespace tfxm::model_analysis

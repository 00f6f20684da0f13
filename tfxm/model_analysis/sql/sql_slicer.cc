#include "tfxm/model_analysis/sql/sql_slicer.h"

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/sql/query.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {

struct SqlSlicer::Statement {
  std::shared_ptr<SqlQuery> query;
  size_t num_elements;
};

SqlSlicer::SqlSlicer() = default;
SqlSlicer::~SqlSlicer() = default;

absl::Status SqlSlicer::AddStatement(const std::string& sql) {
  ASSIGN_OR_RETURN(SqlParser parser, SqlParser::Create(sql));
  auto statement = std::make_unique<Statement>();
  ASSIGN_OR_RETURN(statement->query, parser.Query());
  parser.Accept(";");
  if (!parser.AtEnd()) return parser.Error("the end of the statement");
  for (const SqlQuery* query = statement->query.get(); query != nullptr; query = query->union_all.get()) {
    if (query->as_struct || (query->columns.size() == 1 && query->may_be_struct)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("slice_keys_sql: expected SELECT STRUCT(…) or SELECT AS STRUCT …: ", sql));
  }
  statement->num_elements = parser.num_elements();
  statements_.push_back(std::move(statement));
  return absl::OkStatus();
}

absl::Status SqlSlicer::Slice(const data::ExampleBatch& batch, int row, std::vector<SliceKey>* keys) const {
  for (const auto& statement : statements_) {
    std::vector<SqlValue> elements(statement->num_elements);
    SqlQuery::Rows rows;
    int64_t steps_left = kMaxSqlSteps;
    RETURN_IF_ERROR(statement->query->Run({&batch, row, &elements, &steps_left}, &rows));
    std::vector<std::string> names;  // In a UNION ALL, those of the first side are all rows'.
    if (statement->query->as_struct) {
      for (const auto& [name, expression] : statement->query->columns) names.push_back(name);
    }
    for (const std::vector<SqlValue>& columns : rows) {
      const std::vector<SqlValue>* values = &columns;
      if (!statement->query->as_struct) {
        if (IsNull(columns[0])) continue;
        const auto* fields = std::get_if<std::shared_ptr<SqlArray>>(&columns[0]);
        if (fields == nullptr || !(*fields)->is_struct) {
          return absl::InvalidArgumentError(
              "slice_keys_sql: what is selected must be STRUCT(…), whose fields are the slice's features");
        }
        values = &(*fields)->values;
        if (names.empty()) names = (*fields)->names;
      }
      if (values->size() != names.size()) {
        return absl::InvalidArgumentError("slice_keys_sql: the sides of UNION ALL have different numbers of fields");
      }
      SliceKey key;
      for (size_t i = 0; i < values->size(); ++i) {
        ASSIGN_OR_RETURN(std::string text, ToSliceText((*values)[i]));
        key.emplace_back(names[i], std::move(text));
      }
      keys->push_back(std::move(key));
    }
  }
  return absl::OkStatus();
}

}  // namespace tfxm::model_analysis

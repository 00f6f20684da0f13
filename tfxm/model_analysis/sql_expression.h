// Expressions of the SQL that slices by (sql_slicer.h): parsed once, evaluated per example.
#ifndef TFXM_MODEL_ANALYSIS_SQL_EXPRESSION_H_
#define TFXM_MODEL_ANALYSIS_SQL_EXPRESSION_H_

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/data/example_batch.h"

namespace tfxm::model_analysis {

struct SqlArray;
// NULL, BOOL, INT64, FLOAT (single precision, as features are), DOUBLE, STRING or BYTES, ARRAY.
using SqlValue = std::variant<std::monostate, bool, int64_t, float, double, std::string, std::shared_ptr<SqlArray>>;
struct SqlArray {
  std::vector<SqlValue> values;
};
inline bool IsNull(const SqlValue& value) { return std::holds_alternative<std::monostate>(value); }
bool IsTrue(const SqlValue& value);
// As tfx_bsl turns a value into a slice value: numbers in the shortest form that reads back as the same, NULL as
// "NULL".
absl::StatusOr<std::string> ToSliceText(const SqlValue& value);

// The row that an expression is evaluated on: an example, and the current elements of the arrays in FROM.
struct SqlRow {
  const data::ExampleBatch* batch;
  int row;
  const std::vector<SqlValue>* elements;
};
using SqlExpression = std::function<absl::StatusOr<SqlValue>(const SqlRow&)>;

// The feature of an example as an array; NULL if it is missing.
SqlValue FeatureArray(const data::ExampleBatch& batch, int row, const std::string& feature);

struct SqlToken {
  enum class Kind { kEnd, kName, kQuotedName, kInteger, kNumber, kString, kSymbol };
  Kind kind;
  std::string text;  // A name as written; a string without quotes.
  size_t position;
};

class SqlParser {
 public:
  // INVALID_ARGUMENT says where the text stops being SQL.
  static absl::StatusOr<SqlParser> Create(const std::string& sql);

  // Consumes the next token if it is this keyword (upper case) or symbol.
  bool Accept(absl::string_view text);
  absl::Status Expect(absl::string_view text);
  // A name that is no keyword.
  absl::StatusOr<std::string> Name();
  bool AtName() const;
  bool AtEnd() const { return tokens_[next_].kind == SqlToken::Kind::kEnd; }
  absl::Status Error(absl::string_view expected) const;

  // Names in expressions that follow: the i-th of SqlRow::elements.
  void AddAlias(const std::string& alias) { aliases_.push_back(alias); }
  void ClearAliases() { aliases_.clear(); }
  size_t position() const { return next_; }
  void set_position(size_t position) { next_ = position; }

  absl::StatusOr<SqlExpression> Expression();
  // The name that the expression just parsed has by itself: that of its column, or "".
  const std::string& implicit_name() const { return implicit_name_; }

 private:
  const SqlToken& Peek(int ahead = 0) const { return tokens_[std::min(next_ + ahead, tokens_.size() - 1)]; }
  absl::StatusOr<SqlExpression> And();
  absl::StatusOr<SqlExpression> Not();
  absl::StatusOr<SqlExpression> Comparison();
  absl::StatusOr<SqlExpression> Sum();
  absl::StatusOr<SqlExpression> Product();
  absl::StatusOr<SqlExpression> Unary();
  absl::StatusOr<SqlExpression> Postfix();
  absl::StatusOr<SqlExpression> Primary();
  absl::StatusOr<SqlExpression> Case();
  absl::StatusOr<SqlExpression> Cast(bool safe);
  absl::StatusOr<SqlExpression> Call(const std::string& function);
  absl::StatusOr<SqlExpression> Column(const std::string& name);

  std::string sql_;
  std::vector<SqlToken> tokens_;
  size_t next_ = 0;
  std::vector<std::string> aliases_;
  std::string implicit_name_;
};

// The functions that may be called, by upper-case name; null if there is none. NULL for a NULL argument, except the
// conditional ones.
using SqlFunction = absl::StatusOr<SqlValue> (*)(const std::vector<SqlValue>& arguments);
SqlFunction FindSqlFunction(const std::string& name);
// Three-valued comparison: NULL if either is; an error if the types do not compare.
absl::StatusOr<SqlValue> CompareSql(const std::string& op, const SqlValue& a, const SqlValue& b);
absl::StatusOr<SqlValue> ArithmeticSql(char op, const SqlValue& a, const SqlValue& b);
absl::StatusOr<SqlValue> CastSql(const std::string& type, const SqlValue& value);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_SQL_EXPRESSION_H_

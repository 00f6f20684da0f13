// SPDX-License-Identifier: Apache-2.0

// The grammar and the names of the slicing SQL, by the tree that comes of it (print.h). What statements evaluate to:
// slicer_test.cc.
#include "tfxm/model_analysis/sql/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tfxm/model_analysis/sql/names.h"
#include "tfxm/model_analysis/sql/print.h"

namespace tfxm::model_analysis::sql {
namespace {

using testing::StartsWith;

std::string Tree(const std::string& sql) {
  const absl::StatusOr<Statement> statement = Parse(sql);
  return statement.ok() ? ToText(*statement->select) : std::string(statement.status().message());
}

std::string ExpressionTree(const std::string& expression) {
  const absl::StatusOr<Statement> statement = Parse("SELECT " + expression);
  return statement.ok() ? ToText(*statement->select->columns.at(0).expr) : std::string(statement.status().message());
}

// After ResolveNames.
std::string Resolved(const std::string& sql) {
  absl::StatusOr<Statement> statement = Parse(sql);
  if (!statement.ok()) return std::string(statement.status().message());
  const absl::Status status = ResolveNames(&*statement);
  return status.ok() ? ToText(*statement->select) : std::string(status.message());
}

using Cases = std::vector<std::pair<std::string, std::string>>;

TEST(SqlParserTest, OperatorsFromTheLoosestToTheTightest) {
  for (const auto& [sql, tree] :
       Cases{{"a OR b AND c", "(OR a (AND b c))"},
             {"a AND b OR c", "(OR (AND a b) c)"},
             {"NOT a AND b", "(AND (NOT a) b)"},
             {"NOT a = b", "(NOT (= a b))"},
             {"NOT NOT a", "(NOT (NOT a))"},
             {"a = b | c", "(= a (| b c))"},
             {"a | b ^ c & d << e + f * -g", "(| a (^ b (& c (<< d (+ e (* f (- g)))))))"},
             {"-a * b / c + d >> e & f ^ g | h", "(| (^ (& (>> (+ (/ (* (- a) b) c) d) e) f) g) h)"},
             {"a + b || c - d", "(- (|| (+ a b) c) d)"},
             {"~ - + a", "(~ (- a))"},
             {"-a[OFFSET(0)].b", "(- (FIELD b (OFFSET a 0)))"},
             {"(a OR b) AND c", "(AND (OR a b) c)"},
             {"a <> b", "(!= a b)"}}) {
    EXPECT_EQ(ExpressionTree(sql), tree) << sql;
  }
}

TEST(SqlParserTest, OperatorsOfTheSamePrecedenceGoFromLeftToRight) {
  EXPECT_EQ(ExpressionTree("a - b - c"), "(- (- a b) c)");
  EXPECT_EQ(ExpressionTree("a / b * c"), "(* (/ a b) c)");
  EXPECT_EQ(ExpressionTree("a OR b OR c"), "(OR (OR a b) c)");
  EXPECT_EQ(ExpressionTree("a << b >> c"), "(>> (<< a b) c)");
}

TEST(SqlParserTest, RangesAndPatterns) {
  for (const auto& [sql, tree] : Cases{{"a BETWEEN 1 AND 2 AND b", "(AND (BETWEEN a 1 2) b)"},
                                       {"a NOT BETWEEN 1 + 1 AND 2", "(NOT (BETWEEN a (+ 1 1) 2))"},
                                       {"NOT a IN (1, 2)", "(NOT (IN a 1 2))"},
                                       {"a NOT IN (1)", "(NOT (IN a 1))"},
                                       {"a IN UNNEST([1, 2])", "(IN-ARRAY a (ARRAY-OF 1 2))"},
                                       {"a IN (SELECT 1)", "(IN-ARRAY a (ARRAY (SELECT 1)))"},
                                       {"a LIKE 'x%' OR a NOT LIKE b", "(OR (LIKE a 'x%') (NOT (LIKE a b)))"},
                                       {"a IS NULL", "(IS NULL a)"},
                                       {"a + 1 IS NOT TRUE", "(NOT (IS TRUE (+ a 1)))"}}) {
    EXPECT_EQ(ExpressionTree(sql), tree) << sql;
  }
}

TEST(SqlParserTest, WhatExpressionsAreMadeOf) {
  for (const auto& [sql, tree] : Cases{{"CASE WHEN a THEN 1 WHEN b THEN 2 ELSE 3 END", "(CASE a 1 b 2 3)"},
                                       {"case a when 1 then 'x' end", "(CASE-OF a 1 'x')"},
                                       {"CAST(a AS string)", "(CAST STRING a)"},
                                       {"SAFE_CAST('1' AS INT64)", "(SAFE_CAST INT64 '1')"},
                                       {"upper(a || 'b')", "(UPPER (|| a 'b'))"},
                                       {"LEFT(a, 1)", "(LEFT a 1)"},
                                       {"COALESCE()", "(COALESCE)"},
                                       {"[]", "(ARRAY-OF)"},
                                       {"[1, 2.5, 'c', NULL, TRUE]", "(ARRAY-OF 1 2.5 'c' NULL TRUE)"},
                                       {"a[safe_ordinal(1 + 1)]", "(SAFE_ORDINAL a (+ 1 1))"},
                                       {"STRUCT(a, example.b, a.b, 1 AS c)", "(STRUCT a example.b a.b (AS c 1))"},
                                       {"STRUCT(1 AS a).a", "(FIELD a (STRUCT (AS a 1)))"},
                                       {"(a).b", "(FIELD b a)"},
                                       {"a.b.c", "(FIELD c a.b)"},
                                       {"`a b`", "a b"},
                                       {"COUNT(*) + SUM(DISTINCT a)", "(+ (COUNT) (SUM DISTINCT a))"},
                                       {"EXISTS(SELECT 1 FROM a)", "(EXISTS (SELECT 1 (FROM a)))"},
                                       {"ARRAY(SELECT a)[OFFSET(0)]", "(OFFSET (ARRAY (SELECT a)) 0)"},
                                       {"(SELECT 1) + 2", "(+ (SELECT 1) 2)"},
                                       {"1 /* a comment */ + -- another\n 2", "(+ 1 2)"}}) {
    EXPECT_EQ(ExpressionTree(sql), tree) << sql;
  }
}

TEST(SqlParserTest, Clauses) {
  EXPECT_EQ(Tree("SELECT DISTINCT a, b AS c, d e FROM example.a x JOIN UNNEST(b) AS y WITH OFFSET o ON x = y, "
                 "(SELECT 1 AS z) AS q WHERE a AND b"),
            "(SELECT DISTINCT a (AS c b) (AS e d) (FROM (AS x example.a) (ON (AS y (WITH-OFFSET o b)) (= x y)) "
            "(AS q (SELECT (AS z 1)))) (WHERE (AND a b)))");
  EXPECT_EQ(Tree("SELECT AS STRUCT a, COUNT(*) AS n FROM example.a GROUP BY a HAVING n > 1 ORDER BY n DESC, a ASC "
                 "LIMIT 5 OFFSET 2;"),
            "(SELECT AS-STRUCT a (AS n (COUNT)) (FROM example.a) (GROUP-BY #1) (HAVING (> n 1)) "
            "(ORDER-BY (DESC #2) #1) (LIMIT 5) (OFFSET 2))");
  EXPECT_EQ(Tree("(SELECT 1) UNION ALL SELECT 2 UNION ALL (SELECT 3)"),
            "(SELECT 1 (UNION-ALL (SELECT 2 (UNION-ALL (SELECT 3)))))");
  EXPECT_EQ(Tree("SELECT a FROM b c CROSS JOIN d"), "(SELECT a (FROM (AS c b) d))");
  EXPECT_EQ(Tree("SELECT a FROM b WITH OFFSET"), "(SELECT a (FROM (WITH-OFFSET offset b)))");
}

TEST(SqlParserTest, GroupByAndOrderByNameColumnsOrAreExpressions) {
  EXPECT_EQ(Tree("SELECT a, b AS c FROM d ORDER BY 2, a, c, b, e, 3, a[OFFSET(0)]"),
            "(SELECT a (AS c b) (FROM d) (ORDER-BY #2 #1 #2 b e 3 (OFFSET a 0)))");
}

TEST(SqlParserTest, SaysWhereItDoesNotUnderstand) {
  for (const auto& [sql, message] : Cases{
           {"", "expected \"SELECT\" at character 0 (the end): "},
           {"SELECT a FROM", "expected a feature, UNNEST or a query at character 13 (the end): "},
           {"SELECT a +", "expected a name at character 10 (the end): "},
           {"SELECT STRUCT(a AS b FROM c", "expected \")\" at character 21, found \"FROM\": "},
           {"SELECT STRUCT(1)", "expected AS and a name, which the slice is called by, at character 15, found \")\": "},
           {"SELECT a b c", "expected \",\" or FROM at character 11, found \"c\": "},
           {"SELECT a FROM b c d", "expected the end of the statement at character 18, found \"d\": "},
           {"SELECT a FROM b CROSS c", "expected \"JOIN\" at character 22, found \"c\": "},
           {"SELECT a NOT b", "expected IN, BETWEEN or LIKE at character 13, found \"b\": "},
           {"SELECT a BETWEEN 1 OR 2", "expected \"AND\" at character 19, found \"OR\": "},
           {"SELECT a IS 1", "expected NULL, TRUE or FALSE at character 12, found \"1\": "},
           {"SELECT a IN ()", "expected a name at character 13, found \")\": "},
           {"SELECT a = b = c", "expected \",\" or FROM at character 13, found \"=\": "},
           {"SELECT a[0]", "expected a name at character 9, found \"0\": "},
           {"SELECT CASE WHEN a THEN 1", "expected \"END\" at character 25 (the end): "},
           {"SELECT CASE a THEN 1 END", "expected \"WHEN\" at character 14, found \"THEN\": "},
           {"SELECT CAST(a, STRING)", "expected \"AS\" at character 13, found \",\": "},
           {"SELECT a LIMIT b", "expected an integer at character 15, found \"b\": "},
           {"SELECT a UNION SELECT b", "expected \"ALL\" at character 15, found \"SELECT\": "},
           {"SELECT 'a", "the quote at character 7 is not closed: "},
           {"SELECT 9223372036854775808", "9223372036854775808 does not fit an INT64"},
           {"SELECT 1.2.3", "1.2.3 is not a number"},
           {"SELECT EXTRACT(YEAR FROM a)", "no function EXTRACT (sql_slicer.h lists them): "},
           {"SELECT 1, 2 UNION ALL SELECT 1", "the sides of UNION ALL have 2 and 1 columns: "}}) {
    EXPECT_THAT(Tree(sql), StartsWith("slice_keys_sql: " + message)) << sql;
  }
}

TEST(SqlParserTest, OfTwoMistakesTheFirstIsSaid) {
  EXPECT_THAT(Tree("SELECT STRUCT(1) FROM example.a WHERE"),
              StartsWith("slice_keys_sql: expected AS and a name, which the slice is called by, at character 15"));
}

TEST(SqlNamesTest, WhatFromIntroducesElseAFeature) {
  EXPECT_EQ(Resolved("SELECT t, T, u, example.t FROM example.tags AS t, UNNEST(t) AS v WITH OFFSET WHERE offset = v"),
            "(SELECT $0 $0 example.u example.t (FROM (AS t example.tags) (AS v (WITH-OFFSET offset $0))) "
            "(WHERE (= $2 $1)))");
  // Of two of a name, the later one.
  EXPECT_EQ(Resolved("SELECT t FROM a t, b t"), "(SELECT $1 (FROM (AS t example.a) (AS t example.b)))");
  // ON sees what stands before it, and its own.
  EXPECT_EQ(Resolved("SELECT 1 FROM a JOIN b ON a = b AND a = c JOIN c"),
            "(SELECT 1 (FROM example.a (ON example.b (AND (= $0 $1) (= $0 example.c))) example.c))");
}

TEST(SqlNamesTest, QueriesSeeTheNamesAroundThem) {
  EXPECT_EQ(Resolved("SELECT (SELECT MAX(b) FROM b WHERE b > a), b FROM a"),
            "(SELECT (SELECT (MAX $1) (FROM example.b) (WHERE (> $1 $0))) example.b (FROM example.a))");
  EXPECT_EQ(Resolved("SELECT q.x, x, Q.X, q.y FROM (SELECT a AS x, b AS y FROM a) AS q"),
            "(SELECT $1 $1 $1 $2 (FROM (AS q (SELECT (AS x $0) (AS y example.b) (FROM example.a)))))");
  EXPECT_EQ(Resolved("SELECT s.x, t.x FROM s"), "(SELECT (FIELD x $0) (FIELD x example.t) (FROM example.s))");
  // The names of one side of UNION ALL are not the other's.
  EXPECT_EQ(Resolved("SELECT a FROM a UNION ALL SELECT a"),
            "(SELECT $0 (FROM example.a) (UNION-ALL (SELECT example.a)))");
}

TEST(SqlNamesTest, AColumnIsCalledAsTheQueryCallsIt) {
  absl::StatusOr<Statement> statement = Parse("SELECT q.x, x FROM (SELECT a AS X FROM a) AS q");
  ASSERT_TRUE(statement.ok() && ResolveNames(&*statement).ok());
  EXPECT_EQ(NameOf(*statement->select->columns[0].expr, {}), "X");
  EXPECT_EQ(NameOf(*statement->select->columns[1].expr, {}), "x");
}

TEST(SqlNamesTest, AggregatesAreForWhatIsSelected) {
  for (const char* sql :
       {"SELECT a FROM a WHERE COUNT(*) > 1", "SELECT a FROM UNNEST([COUNT(*)]) a", "SELECT a FROM a GROUP BY COUNT(*)",
        "SELECT SUM(COUNT(*)) FROM a", "SELECT a FROM a JOIN b ON COUNT(*) = 1"}) {
    EXPECT_EQ(Resolved(sql),
              "slice_keys_sql: COUNT cannot be used here, only among what is selected: " + std::string(sql));
  }
  EXPECT_EQ(Resolved("SELECT a FROM a GROUP BY 1 HAVING MAX(a) > 1 ORDER BY MIN(a)"),
            "(SELECT $0 (FROM example.a) (GROUP-BY #1) (HAVING (> (MAX $0) 1)) (ORDER-BY (MIN $0)))");
  EXPECT_THAT(Resolved("SELECT a FROM a WHERE EXISTS(SELECT COUNT(*) FROM b)"), StartsWith("(SELECT"));
}

TEST(SqlNamesTest, FromTakesFeaturesAndColumnsOfQueries) {
  EXPECT_EQ(Resolved("SELECT t FROM (SELECT a AS x) q, q.x t"),
            "(SELECT $1 (FROM (AS q (SELECT (AS x example.a))) (AS t $0)))");
  const std::string sql = "SELECT a FROM exmaple.a";
  EXPECT_EQ(Resolved(sql), "slice_keys_sql: expected the end of the statement at character 21, found \".\": " + sql);
  EXPECT_THAT(Resolved("SELECT (SELECT a FROM exmaple.a)"),
              StartsWith("slice_keys_sql: expected \")\" at character 29, found \".\""));
}

}  // namespace
}  // namespace tfxm::model_analysis::sql

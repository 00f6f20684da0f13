// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "arrow/api.h"
#include "arrow/io/file.h"
#include "arrow/json/from_string.h"
#include "parquet/arrow/writer.h"
#include "tfxm/tables/tables.h"
#include "tfxm/tables/test_tables.h"

namespace tfxm::tables {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ParquetTest : public TableTest {
 protected:
  struct Column {
    std::string name;
    std::shared_ptr<arrow::DataType> type;
    std::string json;  // The values.
  };

  std::string Write(const std::string& name, const std::vector<Column>& columns,
                    parquet::Compression::type compression = parquet::Compression::ZSTD) {
    const std::string path = Path(name);
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const Column& column : columns) {
      fields.push_back(arrow::field(column.name, column.type));
      arrays.push_back(*arrow::json::ArrayFromJSONString(column.type, column.json));
    }
    const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
    auto out = *arrow::io::FileOutputStream::Open(path);
    const auto properties = parquet::WriterProperties::Builder().compression(compression)->build();
    const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    EXPECT_TRUE(
        parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, 1000, properties, arrow_properties).ok());
    EXPECT_TRUE(out->Close().ok());
    return path;
  }
  std::vector<std::string> Of(std::shared_ptr<arrow::DataType> type, const std::string& json) {
    return Shorts(OpenParquet({Write("a.parquet", {{"x", std::move(type), json}})}, {}));
  }
};

TEST_F(ParquetTest, EveryTypeHasItsFeature) {
  EXPECT_THAT(Of(arrow::boolean(), "[true, false, null]"), ElementsAre("x: int 1", "x: int 0", "x: none"));
  EXPECT_THAT(Of(arrow::int8(), "[-1]"), ElementsAre("x: int -1"));
  EXPECT_THAT(Of(arrow::uint32(), "[4294967295]"), ElementsAre("x: int 4294967295"));
  EXPECT_THAT(Of(arrow::int64(), "[-9223372036854775808]"), ElementsAre("x: int -9223372036854775808"));
  EXPECT_THAT(Of(arrow::float32(), "[0.5]"), ElementsAre("x: float 0.5"));
  EXPECT_THAT(Of(arrow::float64(), "[1e300, 0.25]"), ElementsAre("x: float inf", "x: float 0.25"));
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("a.parquet: row 1: \"x\""), HasSubstr("cannot hold 1e+300"))));
  EXPECT_THAT(Of(arrow::float64(), "[1e30]"), ElementsAre("x: float 1e+30"));
  EXPECT_THAT(warnings_, ElementsAre());
  EXPECT_THAT(Of(arrow::decimal128(10, 2), "[\"12.25\", null]"), ElementsAre("x: float 12.25", "x: none"));
  EXPECT_THAT(Of(arrow::utf8(), "[\"Müller\", \"\"]"), ElementsAre("x: bytes Müller", "x: bytes "));
  EXPECT_THAT(Of(arrow::large_binary(), "[\"a\"]"), ElementsAre("x: bytes a"));
  EXPECT_THAT(Of(arrow::fixed_size_binary(2), "[\"ab\"]"), ElementsAre("x: bytes ab"));
  EXPECT_THAT(Of(arrow::date32(), "[-1, 20422]"), ElementsAre("x: int -1", "x: int 20422"));
  EXPECT_THAT(Of(arrow::timestamp(arrow::TimeUnit::MILLI), "[\"1970-01-01 00:00:01\"]"), ElementsAre("x: int 1000"));
  EXPECT_THAT(Of(arrow::timestamp(arrow::TimeUnit::MICRO), "[\"1970-01-01 00:00:01\"]"), ElementsAre("x: int 1000000"));
  EXPECT_THAT(Of(arrow::time32(arrow::TimeUnit::MILLI), "[5]"), ElementsAre("x: int 5"));
  EXPECT_THAT(Of(arrow::null(), "[null]"), ElementsAre("x: none"));
  EXPECT_THAT(Of(arrow::dictionary(arrow::int32(), arrow::utf8()), "[\"b\", \"a\", null, \"b\"]"),
              ElementsAre("x: bytes b", "x: bytes a", "x: none", "x: bytes b"));
}

// Ids in a decimal column, in one of doubles (pandas, where values are missing) and of no id.
TEST_F(ParquetTest, IntegersThatBecomeOtherFloatsAreNamed) {
  const auto warnings = [&](std::shared_ptr<arrow::DataType> type, const std::string& json) {
    Of(std::move(type), json);
    return warnings_;
  };
  EXPECT_THAT(
      warnings(arrow::decimal128(20, 2), "[\"1.25\", \"16777216.00\", null, \"123456789.01\"]"),
      ElementsAre(AllOf(HasSubstr("a.parquet: row 4: \"x\": the number 123456789.01 becomes the float 1.23457e+08"),
                        HasSubstr("doubles or decimals"))));
  EXPECT_THAT(warnings(arrow::decimal256(40, 0), "[\"12345678901234567890\"]"),
              ElementsAre(HasSubstr("row 1: \"x\": the integer 12345678901234567890 becomes the float 1.23457e+19")));
  EXPECT_THAT(warnings(arrow::dictionary(arrow::int32(), arrow::decimal128(9, 0)), "[\"1\", \"16777217\"]"),
              ElementsAre(HasSubstr("row 2: \"x\": the integer 16777217")));
  EXPECT_THAT(warnings(arrow::list(arrow::float64()), "[[1e30], [1, 16777217], [16777219]]"),
              ElementsAre(HasSubstr("row 2: \"x\": the integer 16777217 becomes the float 1.67772e+07")));
  // As advised; and numbers of which a float tells as much as can be expected.
  EXPECT_THAT(warnings(arrow::int64(), "[123456789, null]"), ElementsAre());
  EXPECT_THAT(warnings(arrow::utf8(), "[\"123456789\", null]"), ElementsAre());
  EXPECT_THAT(warnings(arrow::float64(), "[33554433.5, 1e20, null]"), ElementsAre());
  EXPECT_THAT(warnings(arrow::float32(), "[1e20, 16777216]"), ElementsAre());
  EXPECT_THAT(warnings(arrow::decimal128(20, 10), "[\"0.1234567891\", \"16777216.5000000000\"]"), ElementsAre());
}

TEST_F(ParquetTest, NestedColumnsAreFeaturesOfTheirMembers) {
  const auto point = arrow::struct_({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8())});
  EXPECT_THAT(Of(point, R"([{"a": 1, "b": "x"}, null, {"a": null, "b": "y"}])"),
              ElementsAre("x.a: int 1, x.b: bytes x", "x.a: none, x.b: none", "x.a: none, x.b: bytes y"));
  EXPECT_THAT(Of(arrow::list(arrow::float32()), "[[1, 2], [], null, [null, 3]]"),
              ElementsAre("x: float 1 2", "x: none", "x: none", "x: float 3"));
  EXPECT_THAT(Of(arrow::fixed_size_list(arrow::int64(), 2), "[[1, 2], [3, 4]]"),
              ElementsAre("x: int 1 2", "x: int 3 4"));
  EXPECT_THAT(Of(arrow::list(point), R"([[{"a": 1, "b": "x"}, {"a": 2, "b": null}], []])"),
              ElementsAre("x.a: int 1 2, x.b: bytes x", "x.a: none, x.b: none"));
  EXPECT_THAT(Of(arrow::map(arrow::utf8(), arrow::int64()), R"([[["k", 1], ["l", 2]], null])"),
              ElementsAre("x.key: bytes k l, x.value: int 1 2", "x.key: none, x.value: none"));
  EXPECT_THAT(
      Error(OpenParquet({Write("l.parquet", {{"x", arrow::list(arrow::list(arrow::int64())), "[[[1]]]"}})}, {})),
      AllOf(HasSubstr("l.parquet: column \"x\""), HasSubstr("a list in a list"), HasSubstr("--columns")));
}

TEST_F(ParquetTest, AnIntegerBeyondInt64IsAnError) {
  EXPECT_THAT(Error(OpenParquet({Write("u.parquet", {{"x", arrow::uint64(), "[1, 18446744073709551615]"}})}, {})),
              AllOf(HasSubstr("u.parquet: rows 1 to 2: column \"x\", row 2"), HasSubstr("int64 cannot hold")));
}

TEST_F(ParquetTest, ColumnsAreChosenByName) {
  const std::string file =
      Write("a.parquet", {{"a", arrow::int64(), "[1]"}, {"b", arrow::list(arrow::list(arrow::int64())), "[[[1]]]"}});
  EXPECT_THAT(Shorts(OpenParquet({file}, {.columns = {"a"}})), ElementsAre("a: int 1"));
  EXPECT_THAT(Error(OpenParquet({file}, {.columns = {"aa"}})), AllOf(HasSubstr(file), HasSubstr("did you mean \"a\"")));
}

TEST_F(ParquetTest, FoldersWithEqualSignsAreColumns) {
  const std::string a =
      Write("day=2026-11-01/n=1/part.parquet", {{"x", arrow::int64(), "[1]"}}, parquet::Compression::SNAPPY);
  const std::string b = Write("day=2026-11-02/n=2/a%20b=c%2Fd/part.parquet", {{"x", arrow::int64(), "[2]"}});
  EXPECT_THAT(Shorts(OpenParquet({a}, {})), ElementsAre("day: bytes 2026-11-01, n: int 1, x: int 1"));
  EXPECT_THAT(Shorts(OpenParquet({b}, {})), ElementsAre("a b: bytes c/d, day: bytes 2026-11-02, n: int 2, x: int 2"));
  const std::string c = Write("x=1/part.parquet", {{"x", arrow::int64(), "[2]"}});
  EXPECT_THAT(Error(OpenParquet({c}, {})), HasSubstr("\"x\" is a column of"));
}

TEST_F(ParquetTest, FilesOfOneTable) {
  const std::string a = Write("a.parquet", {{"x", arrow::int64(), "[1]"}, {"y", arrow::null(), "[null]"}});
  const std::string b = Write("b.parquet", {{"x", arrow::int32(), "[2]"}, {"y", arrow::utf8(), "[\"b\"]"}});
  const std::string none = Write("none.parquet", {{"x", arrow::int64(), "[]"}});
  EXPECT_THAT(Shorts(OpenParquet({a, b, none}, {})), ElementsAre("x: int 1, y: none", "x: int 2, y: bytes b"));
  EXPECT_THAT(empty_files_, ElementsAre(none));
  const std::string c = Write("c.parquet", {{"x", arrow::float32(), "[2]"}});
  EXPECT_THAT(Error(OpenParquet({a, c}, {})),
              AllOf(HasSubstr("column \"x\" is INT in "), HasSubstr(a), HasSubstr("FLOAT in "), HasSubstr(c)));
}

TEST_F(ParquetTest, DamagedFilesAreErrors) {
  std::string values = "[0";
  for (int i = 1; i < 2000; ++i) absl::StrAppend(&values, ",", i * 7919 % 1000);
  const std::string file =
      Write("a.parquet", {{"x", arrow::int64(), values + "]"}, {"s", arrow::utf8(), "[" + [] {
                                                                  std::string s = "\"a\"";
                                                                  for (int i = 1; i < 2000; ++i)
                                                                    absl::StrAppend(&s, ",\"t", i, "\"");
                                                                  return s;
                                                                }() + "]"}});
  const std::string bytes = *io::ReadFile(file);
  std::vector<std::string> records;
  for (size_t keep = 0; keep < bytes.size(); keep += 1 + bytes.size() / 60) {
    const absl::Status cut = Read(OpenParquet({File("cut.parquet", bytes.substr(0, keep))}, {}), &records);
    EXPECT_FALSE(cut.ok()) << keep;
    EXPECT_EQ(absl::StrContains(cut.message(), "cut.parquet: a Parquet file that is cut short"), keep >= 4) << cut;
  }
  EXPECT_THAT(Error(OpenParquet({File("text.parquet", "a,b\n1,2\n3,4\n")}, {})),
              AllOf(HasSubstr("text.parquet"), HasSubstr("not a parquet file")));
  // Flipped bits: an error or other values, never a crash.
  for (size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 100) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    Read(OpenParquet({File("flip.parquet", flipped)}, {}), &records).IgnoreError();
  }
  EXPECT_THAT(Error(OpenParquet({File("text.parquet", "not parquet at all")}, {})), HasSubstr("text.parquet"));
}

}  // namespace
}  // namespace tfxm::tables

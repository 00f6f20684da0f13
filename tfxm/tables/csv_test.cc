// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "tfxm/tables/internal/csv_cells.h"
#include "tfxm/tables/tables.h"
#include "tfxm/tables/test_tables.h"
#include "tfxm/util/io.h"
#include "tfxm/util/subprocess.h"

namespace tfxm::tables {
namespace {

using data::ValueType;
using testing::ElementsAre;
using testing::HasSubstr;

class CsvTest : public TableTest {
 protected:
  std::vector<std::string> Records(const std::vector<std::string>& files, const CsvOptions& options = {}) {
    std::vector<std::string> records;
    const absl::Status status = Read(OpenCsv(files, options), &records);
    EXPECT_TRUE(status.ok()) << status;
    return records;
  }
  std::vector<std::string> Shorts(const std::string& text, const CsvOptions& options = {}) {
    return TableTest::Shorts(OpenCsv({File("a.csv", text)}, options));
  }
  std::string Error(const std::string& text, const CsvOptions& options = {}) {
    return TableTest::Error(OpenCsv({File("bad.csv", text)}, options));
  }
};

TEST_F(CsvTest, TypesAreInferredFromAllCells) {
  EXPECT_THAT(Shorts("name,age,size\nx,3,1\ny,4,2.5\n"),
              ElementsAre("age: int 3, name: bytes x, size: float 1", "age: int 4, name: bytes y, size: float 2.5"));
}

TEST_F(CsvTest, EmptyCellsAreEmptyListsOfTheColumnsType) {
  EXPECT_THAT(Shorts("a,b,c\n1,,x\n,,\n"), ElementsAre("a: int 1, b: none, c: bytes x", "a: int, b: none, c: bytes"));
}

TEST_F(CsvTest, EmptyCellsAreMissingFeaturesIfAskedFor) {
  EXPECT_THAT(Shorts("a,b,c\n1,,x\n,,\n", {.empty_is_missing = true}),
              ElementsAre("a: int 1, b: none, c: bytes x", "b: none"));
}

// tfx_bsl 1.15's rule; values from Python's int() and float().
TEST_F(CsvTest, NumbersArePythons) {
  for (const char* text : {"5", "+5", " 5 ", "-3", "007", "1_000", "9223372036854775807", "-9223372036854775808"})
    EXPECT_EQ(TypeOfCell(text), ValueType::kInt) << text;
  for (const char* text : {"1.", ".5", "1e5", "nan", "+nan", "-inf", "Infinity", "1e400", "1e1_0", "1_0.5_0", "1e-400"})
    EXPECT_EQ(TypeOfCell(text), ValueType::kFloat) << text;
  for (const char* text : {"_1", "1__0", "1_", "+-5", "- 5", "0x10", "1e", "nan(1)", "five", "9223372036854775808",
                           "99999999999999999999", "+", "-", ".", " "})
    EXPECT_EQ(TypeOfCell(text), ValueType::kBytes) << text;
  EXPECT_EQ(ParseIntCell(" 1_000 "), 1000);
  EXPECT_EQ(ParseIntCell("007"), 7);
  EXPECT_EQ(ParseFloatCell("1e1_0"), 1e10);
  EXPECT_EQ(ParseFloatCell("1e400"), HUGE_VAL);
  EXPECT_EQ(ParseFloatCell("1e-400"), 0);
  EXPECT_EQ(ParseFloatCell("-1e400"), -HUGE_VAL);
}

TEST_F(CsvTest, QuotedCellsHoldDelimitersQuotesAndLineBreaks) {
  EXPECT_THAT(Shorts("a,b\n\"x, \"\"y\"\"\",\"two\nlines\"\n\"\",z\"q\n"),
              ElementsAre("a: bytes x, \"y\", b: bytes two\nlines", "a: bytes, b: bytes z\"q"));
}

TEST_F(CsvTest, ByteOrderMarksCrlfAndEmptyLinesAreNoData) {
  EXPECT_THAT(Shorts("\xEF\xBB\xBF\"a\",b\r\n1,2\r\n\r\n3,4"), ElementsAre("a: int 1, b: int 2", "a: int 3, b: int 4"));
}

TEST_F(CsvTest, OtherDelimitersAndNames) {
  EXPECT_THAT(Shorts("1;2\n", {.delimiter = ';', .column_names = {"x", "y"}}), ElementsAre("x: int 1, y: int 2"));
}

TEST_F(CsvTest, KnownTypesAreTakenAtTheirWord) {
  EXPECT_THAT(Shorts("zip,n\n01234,1\n",
                     {.types = {{"zip", ValueType::kBytes}, {"n", ValueType::kFloat}, {"other", ValueType::kInt}}}),
              ElementsAre("n: float 1, zip: bytes 01234"));
  EXPECT_THAT(Error("n\n1\nmany\n", {.types = {{"n", ValueType::kInt}}}),
              AllOf(HasSubstr("bad.csv: line 3: column \"n\": \"many\" is not an int64"), HasSubstr("schema")));
  EXPECT_THAT(Error("n\n1\nfünf\n", {.types = {{"n", ValueType::kFloat}}}), HasSubstr("\"fünf\" is not a number"));
}

TEST_F(CsvTest, OtherEncodingsBecomeUtf8) {
  // "名前\n田中" in cp932.
  EXPECT_THAT(Shorts("\x96\xBC\x91\x4F\n\x93\x63\x92\x86\n", {.encoding = "cp932"}), ElementsAre("名前: bytes 田中"));
  EXPECT_THAT(Error("\x96\xBC\x91\x4F\n\x93\x63\x92\x86\n"), AllOf(HasSubstr("line 1"), HasSubstr("--encoding=cp932")));
  EXPECT_THAT(Error("a\nb\n\xff\n"), HasSubstr("bad.csv: line 3: not UTF-8"));
  EXPECT_THAT(Error("a\nb\n", {.encoding = "klingon"}), HasSubstr("there is no encoding \"klingon\""));
}

TEST_F(CsvTest, GzipFilesAreRead) {
  const std::string plain = File("a.csv", "a,b\n1,2\n");
  const std::string packed = absl::StrCat(plain, ".gz");
  const auto gzip = RunSubprocess({"gzip", "--keep", plain});
  ASSERT_TRUE(gzip.ok() && gzip->exit_code == 0);
  EXPECT_EQ(Records({packed}), Records({plain}));
  // Cut short.
  std::string bytes = *io::ReadFile(packed);
  std::vector<std::string> records;
  EXPECT_FALSE(Read(OpenCsv({File("cut.csv.gz", bytes.substr(0, bytes.size() - 9))}, {}), &records).ok());
}

TEST_F(CsvTest, SeveralFilesHaveOneHeader) {
  const std::string a = File("a.csv", "x,y\n1,2\n"), b = File("b.csv", "x,y\n3,4.5\n"), c = File("c.csv", "y,x\n1,2\n");
  std::vector<std::string> shorts;
  for (const std::string& record : Records({a, b})) shorts.push_back(Short(record));
  EXPECT_THAT(shorts, ElementsAre("x: int 1, y: float 2", "x: int 3, y: float 4.5"));
  std::vector<std::string> records;
  EXPECT_THAT(std::string(Read(OpenCsv({a, c}, {}), &records).message()),
              AllOf(HasSubstr(a), HasSubstr(c), HasSubstr("y, x")));
}

TEST_F(CsvTest, FilesWithoutRowsAreSaid) {
  const std::string none = File("none.csv", ""), header = File("header.csv", "x\n"), row = File("row.csv", "x\n1\n");
  EXPECT_EQ(Records({none, header, row}).size(), 1);
  EXPECT_THAT(empty_files_, ElementsAre(none, header));
  EXPECT_THAT(warnings_, ElementsAre());
}

TEST_F(CsvTest, RowsOfAnotherLengthNameTheLineAndTheColumn) {
  const std::string text = "a,b\n\"1\n\",2\n3\n4,5,6\n7,8\n";
  EXPECT_THAT(
      Error(text),
      AllOf(HasSubstr("bad.csv: line 4: 1 cell, but the file has 2 columns; \"b\" is the first that is missing"),
            HasSubstr("(--bad_rows=skip)")));
  EXPECT_THAT(Error("a,b\n4,5,6\n"), HasSubstr("line 2: 3 cells, but the file has 2 columns; more than \"b\""));

  EXPECT_EQ(Shorts(text, {.bad_rows = CsvOptions::BadRows::kSkip}).size(), 2);
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("2 rows"), HasSubstr("left out"), HasSubstr("line 4"))));
  EXPECT_THAT(last_origin_, HasSubstr("line 6"));

  EXPECT_THAT(Shorts(text, {.bad_rows = CsvOptions::BadRows::kKeep}),
              ElementsAre("a: int 1, b: int 2", "a: int 3, b: int", "a: int 4, b: int 5", "a: int 7, b: int 8"));
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("2 rows"), HasSubstr("filled up or cut off"))));
}

TEST_F(CsvTest, WhatIsNotCsvIsAMessage) {
  EXPECT_THAT(Error("a,b\n1,2\n3,\"open\n4,5\n"),
              HasSubstr("bad.csv: line 3: a quoted cell begins here that is never closed"));
  EXPECT_THAT(Error("a,\"b\n1,2\n"), HasSubstr("line 1: a quoted cell begins here"));
  EXPECT_THAT(Error(std::string("a,b\n1,\0\n", 8)), AllOf(HasSubstr("line 2: a NUL byte"), HasSubstr("utf-16")));
  EXPECT_THAT(Error("a,b,a\n1,2,3\n"), HasSubstr("two columns are called \"a\""));
  EXPECT_THAT(Error("a,,c\n1,2,3\n"), HasSubstr("column 2 has no name"));
  EXPECT_THAT(Error(absl::StrCat("a\n", std::string(65 << 20, 'x'))), HasSubstr("line 2: no line break in 64 MB"));
  EXPECT_THAT(Error(absl::StrCat("a\n1\n\"", std::string(65 << 20, 'x'), "\n")),
              HasSubstr("line 3: a quoted cell begins here that is never closed"));
}

// Blocks end anywhere; a row of 9 MB is longer than one.
TEST_F(CsvTest, RowsMayBeLongerThanBlocksAndLinesAreCountedOverThem) {
  std::string text = "id,text\n";
  std::vector<std::string> texts;
  for (int i = 0; i < 3000; ++i) {
    texts.push_back(i == 1500 ? std::string(9 << 20, 'y') : absl::StrCat(std::string(i, 'x'), "\n\"\"", i));
    absl::StrAppend(&text, i, ",\"", texts.back(), "\"\n");
  }
  const std::vector<std::string> records = Records({File("long.csv", text)});
  ASSERT_EQ(records.size(), 3000);
  EXPECT_EQ(Short(records[2999]), absl::StrCat("id: int 2999, text: bytes ", std::string(2999, 'x'), "\n\"2999"));
  // Two lines a row but for the long one's.
  EXPECT_THAT(last_origin_, HasSubstr(absl::StrCat("line ", 2 + 2 * 2999 - 1)));
}

TEST_F(CsvTest, TypesOfAllFilesAtOnce) {
  const auto inferred = WithInferredTypes({File("a.csv", "x,y,z\n1,,2\n"), File("b.csv", "x,y,z\n2.5,,3\n")}, {});
  ASSERT_TRUE(inferred.ok()) << inferred.status();
  EXPECT_TRUE(inferred->types_are_complete);
  EXPECT_THAT(inferred->warnings, ElementsAre());
  EXPECT_THAT(inferred->types, ElementsAre(std::pair("x", ValueType::kFloat), std::pair("y", ValueType::kUnknown),
                                           std::pair("z", ValueType::kInt)));
}

TEST_F(CsvTest, AFirstLineOfDataIsNoticed) {
  // Of iris.data, adult.data and such files.
  for (const char* text :
       {"5.1,3.5,1.4,0.2,setosa\n4.9,3.0,1.4,0.2,setosa\n", "39,State-gov,77516,<=50K\n50,Private,83311,<=50K\n",
        "2026-11-29,a,3\n2026-11-30,a,4\n", "de,fr\nus,fr\nde,it\n", "1,2,3\n4,5,6\n", "7\n8\n"}) {
    const std::string file = File("a.csv", text);
    Records({file});
    EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr(file + ": the first line"), HasSubstr("looks like data"),
                                             HasSubstr("--column_names=a,b,c"))));
  }
  // As it advises.
  EXPECT_THAT(Shorts("39,State-gov\n50,Private\n", {.column_names = {"age", "work"}}),
              ElementsAre("age: int 39, work: bytes State-gov", "age: int 50, work: bytes Private"));
  EXPECT_THAT(warnings_, ElementsAre());
}

TEST_F(CsvTest, NamesThatAreNumbersMayBeNames) {
  for (const char* text :
       {"a,b\n1,2\n", "label,0,1,2\n5,0,0,7\n", "0,1\n5,6\n", "country,2019,2020,2021,2022\nde,1,2,3,4\n",
        "2nd,3rd\n1,2\n", "a,b\n", "name,kind\nkind,x\nsize,y\n,z\n", "q1,q2\na1,b2\n"}) {
    Records({File("a.csv", text)});
    EXPECT_THAT(warnings_, ElementsAre()) << text;
  }
}

TEST_F(CsvTest, NamesThatAreEasilyTakenForOthersAreNoticed) {
  EXPECT_THAT(Shorts("name, age,size\nx, 3,1\n"), ElementsAre(" age: int 3, name: bytes x, size: int 1"));
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("a.csv: column \" age\" has white space in its name"))));
  // A pandas index.
  EXPECT_THAT(Shorts(",a\n0,5\n1,6\n"), ElementsAre(": int 0, a: int 5", ": int 1, a: int 6"));
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("the first column has no name"), HasSubstr("index=False"))));
  const std::string file = File("b.csv", "name , zip\nx,00123\n");
  const auto inferred = WithInferredTypes({file}, {});
  ASSERT_TRUE(inferred.ok()) << inferred.status();
  Records({file}, *inferred);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("column \"name \""), HasSubstr("\"00123\"")));
  Shorts("\n1, 2\n", {.column_names = {" a", "b"}});
  EXPECT_THAT(warnings_, ElementsAre());
  EXPECT_THAT(Error("# made by a program\na,b\n1,2\n"), AllOf(HasSubstr("line 2: 2 cells"), HasSubstr("are comments")));
}

TEST_F(CsvTest, AnotherDelimiterIsNoticed) {
  Records({File("a.csv", "a;b\n1;2\n")});
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("one column, \"a;b\""), HasSubstr("--delimiter=';'"))));
  Records({File("a.csv", "Größe;b\n1;2\n")});
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("one column, \"Größe;b\"")));
  Records({File("a.csv", "a\tb\n1\t2\n")});
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("--delimiter=tab")));
  Records({File("a.csv", "a;b\n1\n")});
  EXPECT_THAT(warnings_, ElementsAre());
  // Decimal commas give rows more cells than there are names.
  EXPECT_THAT(Error("a;b\n1,5;2\n"),
              AllOf(HasSubstr("line 2: 2 cells, but the file has 1 column"), HasSubstr("--delimiter=';'")));
}

TEST_F(CsvTest, AColumnThatIsTextInOneFileOnlyIsNoticed) {
  const std::string numbers = File("a.csv", "x,y\n1,2\n"), text = File("b.csv", "x,y\nmany,2.5\n"),
                    none = File("c.csv", "x,y\n,\n");
  for (const auto& files : {std::vector<std::string>{none, numbers, text, numbers}, {text, none, numbers, text}}) {
    Records(files);
    EXPECT_THAT(warnings_,
                ElementsAre(AllOf(HasSubstr("column \"x\" has numbers in " + numbers), HasSubstr("text in " + text))));
  }
  const auto inferred = WithInferredTypes({numbers, text}, {});
  ASSERT_TRUE(inferred.ok()) << inferred.status();
  Records({numbers}, *inferred);
  EXPECT_EQ(warnings_.size(), 1);
}

TEST_F(CsvTest, IntegersThatBecomeOtherFloatsAreNamed) {
  // An id beside a cell that is none, one of pandas, which writes a column that lacks values so, and 2^24, which is exact.
  EXPECT_THAT(
      Shorts("id,pandas,n,x\n1,16777216.0,16777216,1e39\n\n-16777217,123456789.0,0.5,inf\n16777219,,1,1\nx1.5,,1,1\n",
             {.types = {{"id", ValueType::kBytes}}}),
      testing::SizeIs(4));
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("a.csv: line 4: \"pandas\": the integer 123456789.0 becomes the "
                                                     "float 1.23457e+08"),
                                           HasSubstr("schema say BYTES")),
                                     AllOf(HasSubstr("a.csv: line 2: \"x\": a float (32 bits, as in tf.Example) cannot "
                                                     "hold 1e39; it becomes inf"))));
  const std::string mixed = "id\n12\n0.5\n16777217\n-16777219\n";
  Shorts(mixed);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("a.csv: line 4: \"id\": the integer 16777217 becomes the float")));
  // Types that were inferred before, and those of a schema.
  const std::string file = File("b.csv", mixed), other = File("c.csv", "id\n123456789\n");
  const auto inferred = WithInferredTypes({file, other}, {});
  ASSERT_TRUE(inferred.ok()) << inferred.status();
  Records({other}, *inferred);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr(other + ": line 2: \"id\": the integer 123456789")));
  Records({other}, {.types = {{"id", ValueType::kFloat}}});
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("or a schema says so")));
  // As advised; and floats that were meant as such.
  EXPECT_THAT(Shorts(mixed, {.types = {{"id", ValueType::kBytes}}}), testing::Contains("id: bytes 16777217"));
  EXPECT_THAT(warnings_, ElementsAre());
  Shorts("a,b,c,d\n1.5e20,33554433.5,12345678901234567,nan\n0.5,16777216.0,3,-inf\n,1_000.5,,1e-400\n");
  EXPECT_THAT(warnings_, ElementsAre());
}

TEST_F(CsvTest, NumbersThatAreTextForAFewCellsAreNoticed) {
  Shorts("age,income,price\n34,50000,\"1,5\"\n NA ,,\"1.234,50\"\n41,null,3\n");
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("a.csv: line 3: column \"age\": \" NA \" is not a number"),
                                           HasSubstr("leave the cell empty")),
                                     HasSubstr("line 4: column \"income\": \"null\""),
                                     AllOf(HasSubstr("line 2: column \"price\": \"1,5\""), HasSubstr("1234.5"))));
  // As advised.
  EXPECT_THAT(Shorts("age,price\n34,1.5\n,1234.50\n41,3\n"), testing::Contains("age: int, price: float 1234.5"));
  EXPECT_THAT(warnings_, ElementsAre());
  // The first cell of all files; other encodings and names.
  const std::string numbers = File("a.csv", "Größe;b\n1;2\n"), text = File("b.csv", "Größe;b\n2;3\n?;x\n-;-\n");
  Records({numbers, text, text}, {.delimiter = ';'});
  EXPECT_THAT(warnings_, testing::Contains(HasSubstr(text + ": line 3: column \"Größe\": \"?\" is not a number")));
  // Text, lists, places, versions, missing alone.
  for (const char* cells : {"NA,1\nx,2\n", "\"1,2,3\",1\n", "\"41.5,-87.6\",2\n", "1.2.3,1\n4,2\n", "NA,1\n-,2\n",
                            "\"a, b\",1\n1,2\n", "\"12,\",1\n", "\"1,234.5.6\",1\n", "99999999999999999999,1\n1,2\n"}) {
    Shorts(absl::StrCat("a,b\n", cells));
    EXPECT_THAT(warnings_, ElementsAre()) << cells;
  }
}

TEST_F(CsvTest, CodesThatLoseTheirZerosAreNoticed) {
  const std::string text = "zip,month,n\n98101,01,0\n00123,12,0.5\n\n02134,03,0000\n";
  EXPECT_THAT(Shorts(text), testing::Contains("month: int 12, n: float 0.5, zip: int 123"));
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("a.csv: line 3: column \"zip\": \"00123\" becomes a number"),
                                           HasSubstr("schema say BYTES")),
                                     HasSubstr("line 5: column \"n\": \"0000\"")));
  EXPECT_THAT(Shorts(text, {.types = {{"zip", ValueType::kBytes}, {"n", ValueType::kFloat}}}),
              testing::Contains("month: int 12, n: float 0.5, zip: bytes 00123"));
  EXPECT_THAT(warnings_, ElementsAre());
}

// 4 MB are a block; the rows of each begin where those before ended, whatever ends them.
TEST_F(CsvTest, LinesAreCountedOverBlocksWhateverEndsThem) {
  for (const char* const end : {"\n", "\r\n", "\r"}) {
    for (const bool quoted : {false, true}) {
      std::string text = absl::StrCat("a,b", end);
      constexpr int kRows = 100'000;
      const std::string cell(80, 'x');
      for (int i = 1; i < kRows; ++i) absl::StrAppend(&text, i, quoted && i % 10 == 7 ? ",\"y\"" : ",", cell, end);
      absl::StrAppend(&text, "1,2,3", end);
      EXPECT_THAT(Error(text), HasSubstr(absl::StrCat("bad.csv: line ", kRows + 1, ": 3 cells"))) << quoted;
    }
  }
}

TEST_F(CsvTest, NumbersAreTheNearestOfWhatIsWritten) {
  for (const char* text :
       {"0", "-0", "0.1", "-0.25", "1.", ".5", "-.5", "123456789012345678", "0.12345678901234567", "9007199254740993",
        "9007199254740992.5", "999999999999999999", "1234567890.12345678", "000000000000000001.5",
        "0000000000000000001.5", "3.4028235677973366", "1e5", "12345.678e-3"}) {
    const std::optional<double> value = ParseFloatCell(text);
    ASSERT_TRUE(value.has_value()) << text;
    EXPECT_EQ(*value, std::strtod(text, nullptr)) << text;
    EXPECT_EQ(std::signbit(*value), text[0] == '-') << text;
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = absl::StrCat(random() % 2 == 0 ? "" : "-", random() >> (random() % 64));
    text.insert(text.size() - random() % (text.size() - (text[0] == '-')), ".");
    EXPECT_EQ(ParseFloatCell(text), std::strtod(text.c_str(), nullptr)) << text;
    EXPECT_EQ(TypeOfCell(text), ValueType::kFloat) << text;
  }
}

TEST_F(CsvTest, AnyNumberOfThreadsInfersTheSame) {
  std::string text = "a,b\n";
  for (int i = 0; i < 600'000; ++i) absl::StrAppend(&text, i, i == 500'000 ? ",0.5\n" : ",12345678\n");
  const std::string file = File("large.csv", text);
  setenv("TFXM_NUM_THREADS", "1", 1);
  const std::vector<std::string> one = Records({file});
  setenv("TFXM_NUM_THREADS", "7", 1);
  EXPECT_EQ(Records({file}), one);
  unsetenv("TFXM_NUM_THREADS");
  EXPECT_EQ(Short(one[0]), "a: int 0, b: float 1.23457e+07");
}

}  // namespace
}  // namespace tfxm::tables

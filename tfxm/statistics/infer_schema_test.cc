// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/infer_schema.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tfxm/statistics/schema/text_proto.h"
#include "tfxm/statistics/test_util.h"
#include "tfxm/testing/temp_dir.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::Feature;
using tensorflow::metadata::v0::Schema;

std::string FileText(const std::string& name) {
  const auto text = io::ReadFile(TestData(name));
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

Schema Inferred(const std::vector<std::string>& examples, const InferSchemaOptions& options = {}) {
  DatasetFeatureStatisticsList list;
  *list.add_datasets() = StatisticsOf(Examples(examples));
  const auto schema = InferSchema(list, options);
  EXPECT_TRUE(schema.ok()) << schema.status();
  return schema.value_or(Schema());
}

TEST(InferSchemaTest, TextIsTfdvsByteForByte) {
  const auto schema = InferSchema(ReadBinary<DatasetFeatureStatisticsList>("statistics.pb"));
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ(PrintAsPython(*schema), FileText("schema.pbtxt"));
}

TEST(InferSchemaTest, WithoutShapesAndWithSmallDomains) {
  const auto schema = InferSchema(ReadBinary<DatasetFeatureStatisticsList>("weighted_statistics.pb"),
                                  {.infer_feature_shape = false, .max_string_domain_size = 8});
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ(PrintAsPython(*schema), FileText("schema_without_shapes.pbtxt"));
}

// Statistics of others may hold any number; sanitizers see what is done with them.
TEST(InferSchemaTest, NumbersThatFitNoInteger) {
  const auto statistics = ParseText<DatasetFeatureStatisticsList>(R"pb(
    datasets {
      num_examples: 10
      weighted_num_examples: nan
      features {
        name: "word"
        type: STRING
        string_stats {
          common_stats {
            num_non_missing: 10
            tot_num_values: 10
            weighted_common_stats { num_non_missing: -1e300 tot_num_values: 1e-300 }
          }
          unique: 2
          rank_histogram {
            buckets { label: "a" sample_count: 1e300 }
            buckets { label: "b" sample_count: -inf }
          }
          weighted_string_stats {
            rank_histogram {
              buckets { label: "a" sample_count: 1e300 }
              buckets { label: "b" sample_count: nan }
            }
          }
        }
      }
    }
  )pb");
  const auto schema = InferSchema(statistics);
  ASSERT_TRUE(schema.ok()) << schema.status();
  auto narrow = ParseText<Schema>(R"pb(feature {
                                         name: "word"
                                         type: BYTES
                                         presence { min_count: 5 }
                                         string_domain { value: "c" }
                                       })pb");
  const auto widened = UpdateSchema(narrow, statistics);
  ASSERT_TRUE(widened.ok()) << widened.status();
  EXPECT_EQ(widened->feature(0).string_domain().value_size(), 3);
}

TEST(InferSchemaTest, LongValuesMakeNoDomain) {
  const std::string blob = "\"" + std::string(5000, 'b') + "\"";
  const Schema schema =
      Inferred({Bytes("blob", blob) + Bytes("word", R"("a")"), Bytes("blob", R"("short")") + Bytes("word", R"("b")")});
  EXPECT_EQ(schema.string_domain_size(), 1);
  EXPECT_EQ(schema.string_domain(0).name(), "word");
  EXPECT_LT(PrintAsPython(schema).size(), 1000u);
}

TEST(InferSchemaTest, ShapeIfAllExamplesHaveAsManyValuesElseValueCount) {
  const Schema schema =
      Inferred({Floats("fixed", "1, 2") + Floats("varies", "1") + Floats("sometimes", "1, 2") + Floats("empty", ""),
                Floats("fixed", "3, 4") + Floats("varies", "1, 2, 3") + Floats("empty", "1")});
  EXPECT_EQ(PrintAsPython(schema.feature(1)),
            R"(name: "fixed"
type: FLOAT
presence {
  min_fraction: 1.0
  min_count: 1
}
shape {
  dim {
    size: 2
  }
}
)");
  EXPECT_FALSE(schema.feature(0).has_shape());
  EXPECT_FALSE(schema.feature(0).has_value_count());    // "empty" has no value in some examples.
  EXPECT_EQ(schema.feature(2).value_count().max(), 2);  // "sometimes"
  EXPECT_EQ(schema.feature(2).presence().min_fraction(), 0);
  EXPECT_EQ(schema.feature(3).value_count().min(), 1);  // "varies"
  EXPECT_FALSE(schema.feature(3).value_count().has_max());
}

TEST(InferSchemaTest, DomainsOfStringsAndInts) {
  const Schema schema = Inferred({Ints("bit", "1") + Ints("zeros", "0") + Bytes("flag", R"("true")") +
                                      Bytes("number", R"("12")") + Bytes("word", R"("b")"),
                                  Ints("bit", "0") + Ints("zeros", "0") + Bytes("flag", R"("0")") +
                                      Bytes("number", R"("-1")") + Bytes("word", R"("a")")});
  EXPECT_TRUE(schema.feature(0).has_bool_domain());
  EXPECT_EQ(schema.feature(1).bool_domain().true_value(), "true");
  EXPECT_EQ(schema.feature(1).bool_domain().false_value(), "0");
  EXPECT_TRUE(schema.feature(2).has_int_domain());
  EXPECT_EQ(schema.feature(3).domain(), "word");
  ASSERT_EQ(schema.string_domain_size(), 1);
  EXPECT_EQ(schema.string_domain(0).value(0), "a");
  EXPECT_EQ(schema.string_domain(0).value(1), "b");
  EXPECT_EQ(schema.feature(4).domain_info_case(), Feature::DOMAIN_INFO_NOT_SET);
}

TEST(InferSchemaTest, TooManyStringsHaveNoDomain) {
  const std::vector<std::string> examples = {Bytes("s", R"("a")"), Bytes("s", R"("b")"), Bytes("s", R"("c")")};
  EXPECT_EQ(Inferred(examples, {.max_string_domain_size = 3}).string_domain_size(), 1);
  EXPECT_EQ(Inferred(examples, {.max_string_domain_size = 2}).string_domain_size(), 0);
}

TEST(InferSchemaTest, SeveralDatasetsNeedOneOfAllExamples) {
  auto list = ParseText<DatasetFeatureStatisticsList>(R"(datasets { name: "a" } datasets { name: "b" })");
  EXPECT_EQ(InferSchema(list).status().code(), absl::StatusCode::kInvalidArgument);
  list.mutable_datasets(1)->set_name("All Examples");
  EXPECT_TRUE(InferSchema(list).ok());
}

TEST(UpdateSchemaTest, IsTfdvs) {
  const auto statistics = ReadBinary<DatasetFeatureStatisticsList>("other_statistics.pb");
  for (int i = 0; i < 8; ++i) {
    const auto schema = ReadSchema(TestData(absl::StrCat("validation/", i, "_schema.pbtxt")));
    ASSERT_TRUE(schema.ok()) << schema.status();
    const auto updated = UpdateSchema(*schema, statistics);
    ASSERT_TRUE(updated.ok()) << updated.status();
    EXPECT_EQ(PrintAsPython(*updated), FileText(absl::StrCat("validation/", i, "_updated_schema.pbtxt"))) << i;
  }
}

TEST(SchemaFileTest, WrittenAsRead) {
  const auto schema = ReadSchema(TestData("schema.pbtxt"));
  ASSERT_TRUE(schema.ok()) << schema.status();
  const TempDir dir;
  const std::string path = dir / "schema.pbtxt";
  ASSERT_TRUE(WriteSchema(path, *schema).ok());
  EXPECT_EQ(io::ReadFile(path).value_or(""), FileText("schema.pbtxt"));
}

TEST(SchemaFileTest, IllFormedOneIsNamed) {
  const auto schema = ReadSchema(TestData("README.md"));
  EXPECT_FALSE(schema.ok());
  EXPECT_NE(schema.status().message().find("README.md"), std::string::npos) << schema.status();
}

TEST(PrintAsPythonTest, Numbers) {
  const std::vector<std::pair<double, std::string>> cases = {
      {1, "1.0"},        {0.1, "0.1"},     {-2.5, "-2.5"},  {1e15, "1000000000000000.0"},
      {1e16, "1e+16"},   {1e-4, "0.0001"}, {1e-5, "1e-05"}, {1e300, "1e+300"},
      {INFINITY, "inf"}, {NAN, "nan"}};
  for (const auto& [number, text] : cases) {
    tensorflow::metadata::v0::Histogram::Bucket bucket;
    bucket.set_low_value(number);
    EXPECT_EQ(PrintAsPython(bucket), "low_value: " + text + "\n");
  }
}

}  // namespace
}  // namespace tfxm::statistics

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/statistics_display.h"

#include "gtest/gtest.h"
#include "tfxm/statistics/test_util.h"
#include "tfxm/statistics/text/display_text.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::Anomalies;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::Schema;

TEST(StatisticsTextTest, OneLineAFeatureInAlignedColumns) {
  DatasetFeatureStatisticsList list;
  *list.add_datasets() = StatisticsOf(Examples({Floats("fare", "2.5") + Bytes("payment", R"("Cash")"),
                                                Floats("fare", "0, 1") + Bytes("payment", R"("gr\303\274n")"),
                                                Bytes("payment", R"("Cash")"), Ints("hour", "1234567")}));
  EXPECT_EQ(StatisticsText(list, "train"), R"(train: 4 examples

numeric feature  type   examples  missing  values     mean  std dev   zeros      min   median      max
fare             FLOAT         2   50.0 %     1-2   1.1667   1.0274  33.3 %        0        1      2.5
hour             INT           1   75.0 %       1  1234567        0   0.0 %  1234567  1234567  1234567

string feature  type    examples  missing  values  unique  length  most frequent   share
payment         STRING         3   25.0 %       1       2     4.3  Cash           66.7 %
)");
}

TEST(StatisticsTextTest, NoExamples) {
  DatasetFeatureStatisticsList list;
  list.add_datasets();
  EXPECT_EQ(StatisticsText(list), "0 examples\n");
}

TEST(AnomaliesTextTest, SortedByFeatureWithMeasurements) {
  EXPECT_EQ(AnomaliesText(Anomalies()), "No anomalies.\n");
  EXPECT_EQ(AnomaliesText(ParseText<Anomalies>("data_missing: true")), "There are no examples.\n");
  EXPECT_EQ(AnomaliesText(ParseText<Anomalies>(R"(
      anomaly_info { key: "fare" value { severity: ERROR short_description: "Column dropped" description: "Gone. " } }
      anomaly_info { key: "area" value { severity: WARNING short_description: "New column" description: "New" } }
      drift_skew_info { path { step: "fare" } drift_measurements { type: L_INFTY value: 0.25 threshold: 0.1 } })")),
            R"(feature  severity  anomaly         description
area     WARNING   New column      New
fare     ERROR     Column dropped  Gone.

feature  compared for  distance  value  threshold
fare     drift         L_INFTY    0.25        0.1  above
)");
}

TEST(SchemaTextTest, PresenceValuesAndDomain) {
  EXPECT_EQ(SchemaText(ParseText<Schema>(R"(
      feature { name: "image" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 28 } dim { size: 28 } } }
      feature { name: "pay" type: BYTES presence { min_count: 1 } value_count { min: 1 } domain: "pay" }
      feature { name: "old" type: INT lifecycle_stage: DEPRECATED int_domain { min: 0 max: 9 } }
      string_domain { name: "pay" value: "Cash" value: "Card" })")),
            R"(feature  type   presence      values  domain
image    FLOAT  required    [28, 28]
pay      BYTES  optional          1-  pay
old      INT    deprecated            int 0..9

string domain  size  values
pay               2  Cash, Card
)");
}

TEST(PrintableTest, EscapesAndCuts) {
  EXPECT_EQ(Printable("a\nb\x1b[2J\u202e", 40), "a\\x0ab\\x1b[2J\\u202e");
  EXPECT_EQ(Printable("乗車料金", 5), "乗車…");
  EXPECT_EQ(Printable("grün und blau", 5), "grün…");
  EXPECT_EQ(Printable("grün!", 5), "grün!");
}

}  // namespace
}  // namespace tfxm::statistics

// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/generate/time_formats.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/util/io.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::Feature;

std::string Text(absl::string_view text) {
  return absl::StrJoin(TimeFormats::Get().OfText(text), "; ", [](std::string* out, int format) {
    Feature feature;
    ASSERT_TRUE(io::ParseTextProto(TimeFormats::Get().Domain(format), &feature).ok());
    absl::StrAppend(out, feature.time_domain().string_format());
  });
}

std::string Number(int64_t number) {
  return absl::StrJoin(TimeFormats::Get().OfNumber(number), "; ", [](std::string* out, int format) {
    Feature feature;
    ASSERT_TRUE(io::ParseTextProto(TimeFormats::Get().Domain(format), &feature).ok());
    absl::StrAppend(
        out, tensorflow::metadata::v0::TimeDomain::IntegerTimeFormat_Name(feature.time_domain().integer_format()));
  });
}

TEST(TimeFormatsTest, DatesAndTimesOfDay) {
  EXPECT_EQ(Text("2018-11-30"), "%Y-%m-%d");
  EXPECT_EQ(Text("30-November-2018"), "%d-%B-%Y");
  EXPECT_EQ(Text("11/30/18"), "%m/%d/%y");
  EXPECT_EQ(Text("23:59"), "%H:%M");
  EXPECT_EQ(Text("23:59:59.123456"), "%H:%M:%S.%f");
  EXPECT_EQ(Text("Fri Nov 30 10:47:02 2018"), "%a %b %d %H:%M:%S %Y");
  EXPECT_EQ(Text("2018-11-30T23:59"), "%Y-%m-%dT%H:%M");
  EXPECT_EQ(Text("2018-11-30 23:59:00"), "%Y-%m-%d %H:%M:%S");
}

TEST(TimeFormatsTest, SomeFitSeveral) {
  EXPECT_EQ(Text("01/02/03"), "%y/%m/%d; %m/%d/%y; %d/%m/%y");
  EXPECT_EQ(Text("20111112"), "%Y%m%d; %d%m%Y");
}

TEST(TimeFormatsTest, WhatIsNotATimeFitsNone) {
  for (const char* text : {"", "a", "2018-13-30", "2018-11-32", "24:00", "2018-11-30 ", "x2018-11-30", "12", "Nov 30",
                           "2018-11-30T23:59:00.1234567"}) {
    EXPECT_EQ(Text(text), "") << text;
  }
  EXPECT_EQ(Text(std::string(1 << 20, '1')), "");
  EXPECT_EQ(Text("2018-11-30\n"), "%Y-%m-%d");  // As Python's expressions match.
}

TEST(TimeFormatsTest, NumbersOfTheYears1990To2029) {
  EXPECT_EQ(Number(17865), "UNIX_DAYS");
  EXPECT_EQ(Number(1543574400), "UNIX_SECONDS");
  EXPECT_EQ(Number(1543574400000), "UNIX_MILLISECONDS");
  EXPECT_EQ(Number(1543574400000000), "UNIX_MICROSECONDS");
  EXPECT_EQ(Number(1543574400000000000), "UNIX_NANOSECONDS");
  EXPECT_EQ(Number(631152000), "UNIX_SECONDS");
  EXPECT_EQ(Number(631151999), "");
  EXPECT_EQ(Number(1893456000), "");
  EXPECT_EQ(Number(-1), "");
}

}  // namespace
}  // namespace tfxm::statistics

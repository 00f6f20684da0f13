// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/generate/time_formats.h"

#include <iterator>
#include <utility>

#include "absl/log/absl_check.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "re2/re2.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::TimeDomain;

constexpr const char* kDates[] = {"%Y-%m-%d", "%Y/%m/%d", "%Y%m%d",   "%y-%m-%d", "%y/%m/%d", "%m-%d-%Y",
                                  "%m/%d/%Y", "%m%d%Y",   "%m-%d-%y", "%m/%d/%y", "%d-%m-%Y", "%d/%m/%Y",
                                  "%d%m%Y",   "%d-%B-%Y", "%d-%m-%y", "%d/%m/%y", "%d-%B-%y"};
constexpr const char* kTimes[] = {"%H:%M", "%H:%M:%S", "%H:%M:%S.%f"};
constexpr const char* kBoth[] = {"%a %b %d %H:%M:%S %Y"};
static_assert(std::size(kDates) == 17 && std::size(kTimes) == 3 && std::size(kBoth) == 1);

// What a directive may be, in TFDV (where a "." of a format is any character, too).
std::string RegularExpression(const std::string& format) {
  return absl::StrReplaceAll(
      format, {{"%a", "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"},
               {"%b", "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"},
               {"%B", "(?:January|February|March|April|May|June|July|August|September|October|November|December)"},
               {"%f", "(?:[0-9]{1,6})"},
               {"%d", R"((?:3[0-1]|[1-2]\d|0[1-9]|[1-9]| [1-9]))"},
               {"%H", R"((?:2[0-3]|[0-1]\d|\d))"},
               {"%y", R"((?:\d\d))"},
               {"%Y", R"((?:\d\d\d\d))"},
               {"%m", "(?:1[0-2]|0[1-9]|[1-9])"},
               {"%M", R"((?:[0-5]\d|\d))"},
               {"%S", R"((?:60[0-1]|[0-5]\d|\d))"}});
}

// January 1990 and 2030, in the unit.
struct Unit {
  TimeDomain::IntegerTimeFormat format;
  int64_t begin, end;
};
constexpr int64_t kBegin = 631152000, kEnd = 1893456000;
constexpr Unit kUnits[] = {{TimeDomain::UNIX_DAYS, 7305, 21915},
                           {TimeDomain::UNIX_SECONDS, kBegin, kEnd},
                           {TimeDomain::UNIX_MILLISECONDS, kBegin * 1000, kEnd * 1000},
                           {TimeDomain::UNIX_MICROSECONDS, kBegin * 1000000, kEnd * 1000000},
                           {TimeDomain::UNIX_NANOSECONDS, kBegin * 1000000000, kEnd * 1000000000}};
static_assert(std::size(kUnits) == TimeFormats::kNumOfNumbers);

// The longest text in any of the formats is "30-September-2018T23:59:601.123456".
constexpr size_t kLongest = 40, kShortest = 3;

}  // namespace

struct TimeFormats::TextFormat {
  explicit TextFormat(std::string text) : format(std::move(text)), expression(RegularExpression(format) + "\\n?") {
    ABSL_CHECK(expression.ok()) << expression.error();
  }
  std::string format;
  RE2 expression;
};

TimeFormats::TimeFormats() {
  const auto add = [this](std::string format) { texts_.push_back(std::make_unique<TextFormat>(std::move(format))); };
  for (const char* date : kDates) add(date);
  for (const char* time : kTimes) add(time);
  for (const char* both : kBoth) add(both);
  for (const char* date : kDates) {
    for (const char* time : kTimes) {
      for (const char* between : {"T", " "}) add(absl::StrCat(date, between, time));
    }
  }
  ABSL_CHECK_EQ(texts_.size() + kNumOfNumbers, static_cast<size_t>(kNum));
}

TimeFormats::~TimeFormats() = default;

const TimeFormats& TimeFormats::Get() {
  static const auto* const formats = new TimeFormats;
  return *formats;
}

std::vector<int> TimeFormats::OfText(absl::string_view text) const {
  std::vector<int> formats;
  if (text.size() < kShortest || text.size() > kLongest) return formats;
  for (size_t i = 0; i < texts_.size(); ++i) {
    if (RE2::FullMatch(text, texts_[i]->expression)) formats.push_back(kNumOfNumbers + static_cast<int>(i));
  }
  return formats;
}

std::vector<int> TimeFormats::OfNumber(int64_t number) const {
  std::vector<int> formats;
  for (int i = 0; i < kNumOfNumbers; ++i) {
    if (number >= kUnits[i].begin && number < kUnits[i].end) formats.push_back(i);
  }
  return formats;
}

std::string TimeFormats::Domain(int format) const {
  if (format < kNumOfNumbers) {
    return absl::StrCat("time_domain {integer_format: ", static_cast<int>(kUnits[format].format), "}");
  }
  return absl::StrCat("time_domain {string_format: '", texts_[format - kNumOfNumbers]->format, "'}");
}

}  // namespace tfxm::statistics

// SPDX-License-Identifier: Apache-2.0

// Which formats of dates and times a value is written in: those that TFDV's TimeStatsGenerator knows.
#ifndef TFXM_STATISTICS_GENERATE_TIME_FORMATS_H_
#define TFXM_STATISTICS_GENERATE_TIME_FORMATS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tfxm::statistics {

class TimeFormats {
 public:
  static const TimeFormats& Get();
  // Formats have the numbers from 0 to kNum - 1: first those of integers, then those of text, in TFDV's order.
  static constexpr int kNumOfNumbers = 5;
  static constexpr int kNum = kNumOfNumbers + 17 + 3 + 1 + 17 * 3 * 2;

  // strptime's formats, such as "%Y-%m-%d", that the whole text is in.
  std::vector<int> OfText(absl::string_view text) const;
  // Days, seconds, … nanoseconds since 1970, if that is a time from 1990 to 2029.
  std::vector<int> OfNumber(int64_t number) const;
  // "time_domain {string_format: '%Y-%m-%d'}"
  std::string Domain(int format) const;

  ~TimeFormats();

 private:
  TimeFormats();
  struct TextFormat;
  std::vector<std::unique_ptr<TextFormat>> texts_;
};

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_GENERATE_TIME_FORMATS_H_

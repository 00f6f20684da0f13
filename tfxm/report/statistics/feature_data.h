// SPDX-License-Identifier: Apache-2.0

// What a page says about one feature in one data set or slice (web/README.md, "entry").
#ifndef TFXM_REPORT_STATISTICS_FEATURE_DATA_H_
#define TFXM_REPORT_STATISTICS_FEATURE_DATA_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/report/statistics/feature_index.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm::report {

// How much of what the statistics hold there is on the page.
struct PageDetail {
  int values = 100;       // Most frequent values of all examples …
  int slice_values = 20;  // … and of a slice.
  int value_length = 80;  // Bytes of a text.
  int buckets = 100;      // Of a histogram; of more, neighbours are one.
};

// Texts of a feature, each once; entries have their places.
class ValueTexts {
 public:
  explicit ValueTexts(const PageDetail& detail) : length_(detail.value_length) {}
  int PlaceOf(absl::string_view value);
  void Write(JsonWriter& json) const;  // An array; those that are cut end in "…".

 private:
  const size_t length_;
  std::map<std::string, int, std::less<>> places_;
  std::vector<const std::string*> in_order_;
};

// A number of those that are no counts: with so many digits that a difference of 1/100,000 of `range` can be seen, and
// no fewer than six.
double Rounded(double x, double range = 0);

// The entries of a feature, an array, and then its "values".
void WriteEntries(const FeatureIndex& index, const IndexedFeature& feature, const PageDetail& detail, JsonWriter& json);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_STATISTICS_FEATURE_DATA_H_

// SPDX-License-Identifier: Apache-2.0

// Columns as serialized tf.Examples, without building proto messages. ExampleBatch (example_batch.h) reads those; it
// takes such columns as they are, too.
//
//   const std::vector<float> fares = {7.5f, 12.0f};
//   std::vector<ExampleColumn> columns(1);
//   columns[0].name = "fare";
//   columns[0].values = std::span<const float>(fares);
//   columns[0].row_size = 1;
//   std::string record;
//   EncodeExample(columns, /*i=*/1, &record);   // {"fare": [12.0]}
//
// Thread safe.
#ifndef TFXM_DATA_EXAMPLE_ENCODER_H_
#define TFXM_DATA_EXAMPLE_ENCODER_H_

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"

namespace tfxm::data {

// A feature of some examples: example i has the values [ends[i-1], ends[i]), or the i-th row_size of them if ends is
// empty.
struct ExampleColumn {
  // Nothing: a feature whose type nobody knows, of which no example has values.
  using Values = std::variant<std::monostate, std::span<const float>, std::span<const int64_t>,
                              std::span<const absl::string_view>>;

  std::string name;
  Values values;  // What they point to must live as long.
  int64_t row_size = 0;
  std::vector<int64_t> ends;
  // What an example without values gets: an empty list of the values' type, a Feature without a list, or no feature.
  // The latter two are missing to whatever reads them.
  enum class Empty { kList, kNoList, kNoFeature };
  Empty empty = Empty::kList;

  // Where the values of example i begin and end.
  struct Row {
    size_t begin, end;
    bool empty() const { return begin == end; }
  };
  Row row(int64_t i) const;
  bool HasType() const { return !std::holds_alternative<std::monostate>(values); }
};

// Replaces `out` by example i. Features are in the order of `columns`; the result is what a deterministic serialization
// of the proto gives if these are sorted by name.
void EncodeExample(const std::vector<ExampleColumn>& columns, int64_t i, std::string* out);

}  // namespace tfxm::data

#endif  // TFXM_DATA_EXAMPLE_ENCODER_H_

// SPDX-License-Identifier: Apache-2.0

// Numbers that the float of a feature (32 bits, as in tf.Example) does not tell any more: ids above all.
//
//   FloatLosses losses;
//   if (IsLost(value) && IsLongIntegerText(cell) && !losses.Has("id")) {
//     losses.Add("id", LossWarning("a.csv: line 3", {"id", value, cell, "as not all are integers", "Write text."}));
//   }
//   losses.Warnings();  // {"a.csv: line 3: \"id\": the integer 123456789 becomes the float 1.23457e+08, …"}
#ifndef TFXM_TABLES_INTERNAL_FLOAT_LOSSES_H_
#define TFXM_TABLES_INTERNAL_FLOAT_LOSSES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tfxm::tables {

// Whether a float32 lacks what there is to a whole number, or all there is to a finite one. What is 2^53 or more may
// have lost it before.
bool IsLost(double value);

// Whether a number is written as a whole one of more than seven digits, maybe with ".0" behind it: perhaps an id, of
// which a float keeps seven.
bool IsLongIntegerText(absl::string_view text);

struct FloatLoss {
  absl::string_view feature;
  double value;
  absl::string_view number;  // As it was written.
  absl::string_view why;     // It is a float.
  absl::string_view advice;
};
// "PLACE: "a": the integer 12345678901234567890 becomes the float 1.23457e+19, WHY. ADVICE".
std::string LossWarning(absl::string_view place, const FloatLoss& loss);

// The first warning of each feature.
class FloatLosses {
 public:
  bool Has(const std::string& feature) const { return warnings_.count(feature) > 0; }
  void Add(const std::string& feature, std::string warning);
  std::vector<std::string> Warnings() const;

 private:
  std::map<std::string, std::string> warnings_;
};

}  // namespace tfxm::tables

#endif  // TFXM_TABLES_INTERNAL_FLOAT_LOSSES_H_

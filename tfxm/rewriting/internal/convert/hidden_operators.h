// SPDX-License-Identifier: Apache-2.0

// Hides operators that shall stay in float from TensorFlow's quantizer: it keeps them in float, but gives the scale of a
// result to an operand and the other way round, where an operator of that kind has one scale for both (SELECT_V2,
// REDUCE_MAX, CONCATENATION), or fails over it. Of a custom operator it knows nothing.
//
//   HiddenOperators hidden;
//   std::string bytes = hidden.Hide(model, results);
//   ... quantize ...
//   bytes = hidden.Show(bytes);
#ifndef TFXM_REWRITING_INTERNAL_CONVERT_HIDDEN_OPERATORS_H_
#define TFXM_REWRITING_INTERNAL_CONVERT_HIDDEN_OPERATORS_H_

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tfxm::rewriting {

class HiddenOperators {
 public:
  HiddenOperators();
  ~HiddenOperators();

  // Those of such kinds of which a result has one of these names.
  std::string Hide(absl::string_view model, const std::set<std::string>& results);
  // Where nothing was hidden, `model` itself.
  std::string Show(absl::string_view model) const;

 private:
  struct Hidden;
  std::vector<Hidden> hidden_;
};

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_CONVERT_HIDDEN_OPERATORS_H_

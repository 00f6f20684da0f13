// SPDX-License-Identifier: Apache-2.0

// Which operators of a model XNNPACK takes, as an app with LiteRT's defaults would see it.
//
//   ASSIGN_OR_RETURN(auto model, litert::CompiledModel::Load(path));
//   ASSIGN_OR_RETURN(const litert::Delegation delegation, litert::FindDelegation(*model, ""));
//   std::cout << delegation.share();     // 1: all of them
#ifndef TFXM_LITERT_DELEGATION_H_
#define TFXM_LITERT_DELEGATION_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/litert/compiled_model.h"

namespace tfxm::litert {

struct Delegation {
  int operators = 0;               // Of the subgraphs that a run of the signature goes through.
  std::map<std::string, int> own;  // How many of each kind ran on TFLite's own kernels: "FULLY_CONNECTED".

  double share() const;  // Of the operators, 0 to 1, that XNNPACK took; 1 if there are none.
};

// Of a model that was made with `xnnpack` for `signature`. Unless it is fully delegated, loads the model a second time
// and runs it once, on the inputs that `model` has (strings are empty), which takes 50 ms and, while it lasts, 70 MB.
// Errors as CompiledModel's.
absl::StatusOr<Delegation> FindDelegation(CompiledModel& model, absl::string_view signature);

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_DELEGATION_H_

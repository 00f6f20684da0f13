// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/sql/functions/functions.h"

namespace tfxm::model_analysis::sql {

Function FindFunction(const std::string& name) {
  for (const FunctionTable* table :
       {&NumberFunctions(), &StringFunctions(), &RegexFunctions(), &ArrayFunctions(), &ConditionalFunctions()}) {
    if (const auto it = table->find(name); it != table->end()) return it->second;
  }
  return nullptr;
}

}  // namespace tfxm::model_analysis::sql

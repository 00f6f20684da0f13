// SPDX-License-Identifier: Apache-2.0

// A part of a graph as a function of its library, which converters know by its attributes.
#ifndef TFXM_OPS_INTERNAL_CALL_FUNCTION_H_
#define TFXM_OPS_INTERNAL_CALL_FUNCTION_H_

#include <functional>
#include <string>
#include <vector>

#include "tfxm/ops/attr.h"
#include "tfxm/ops/graph.h"

namespace tfxm::ops::internal {

// Calls a function that is made here: `body` gets placeholders like `inputs`, in a graph of the function's own, and
// returns the results. `attrs` are the function's. A name stands for one function; calling it again with the same body
// is fine. After an error, which the graph keeps, one invalid tensor. `inputs` are of one graph and at least one.
std::vector<Tensor> CallFunction(const std::string& name, const std::vector<Tensor>& inputs, const Attrs& attrs,
                                 const std::function<std::vector<Tensor>(const std::vector<Tensor>& inputs)>& body);

}  // namespace tfxm::ops::internal

#endif  // TFXM_OPS_INTERNAL_CALL_FUNCTION_H_

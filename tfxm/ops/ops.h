// SPDX-License-Identifier: Apache-2.0

// Everything of ops: graphs and readable names for TensorFlow's common operations. See graph.h.
#ifndef TFXM_OPS_OPS_H_
#define TFXM_OPS_OPS_H_

#include "tfxm/ops/array_ops.h"
#include "tfxm/ops/graph.h"
#include "tfxm/ops/image_ops.h"
#include "tfxm/ops/math_ops.h"
#include "tfxm/ops/nn_ops.h"
#include "tfxm/ops/state_ops.h"
#include "tfxm/ops/string_ops.h"

#endif  // TFXM_OPS_OPS_H_

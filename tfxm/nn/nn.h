// SPDX-License-Identifier: Apache-2.0

// Everything of nn, the Keras-like library, and the operations (ops/ops.h) that layers, losses and metrics of one's own
// are written in. See model.h.
#ifndef TFXM_NN_NN_H_
#define TFXM_NN_NN_H_

#include "tfxm/nn/callbacks/callbacks.h"
#include "tfxm/nn/data/augmentation.h"
#include "tfxm/nn/data/dataset.h"
#include "tfxm/nn/data/decode_images.h"
#include "tfxm/nn/layer.h"
#include "tfxm/nn/layers/attention.h"
#include "tfxm/nn/layers/constraints.h"
#include "tfxm/nn/layers/convolutional.h"
#include "tfxm/nn/layers/core.h"
#include "tfxm/nn/layers/merging.h"
#include "tfxm/nn/layers/normalization.h"
#include "tfxm/nn/layers/pooling.h"
#include "tfxm/nn/layers/recurrent.h"
#include "tfxm/nn/layers/time_distributed.h"
#include "tfxm/nn/losses/losses.h"
#include "tfxm/nn/losses/segmentation_losses.h"
#include "tfxm/nn/metrics/confusion_metrics.h"
#include "tfxm/nn/metrics/metrics.h"
#include "tfxm/nn/metrics/segmentation_metrics.h"
#include "tfxm/nn/model.h"
#include "tfxm/nn/optimizers/optimizers.h"
#include "tfxm/nn/quantization/quantization.h"
#include "tfxm/nn/random.h"
#include "tfxm/ops/ops.h"

#endif  // TFXM_NN_NN_H_

# SPDX-License-Identifier: Apache-2.0
"""Writes quantization_goldens.json: three training steps of TensorFlow Model Optimization, for quantization_test.cc.

  python3 -m venv tfmot && tfmot/bin/pip install tensorflow==2.15.1 tf_keras==2.15.1 tensorflow-model-optimization==0.8.0
  tfmot/bin/python make_quantization_goldens.py > quantization_goldens.json
"""
import json

import numpy as np
import tensorflow_model_optimization as tfmot  # First: it chooses the Keras.
import tensorflow as tf

from golden_numbers import wave

layers = tf.keras.layers


model = tf.keras.Sequential([
    layers.InputLayer((6, 6, 2), name="image"),
    layers.Conv2D(3, 3, use_bias=False, name="conv2d"),
    layers.BatchNormalization(name="batch_normalization"),
    layers.Activation("relu", name="activation"),
    layers.Flatten(),
    layers.Dense(4, name="dense"),
])
model.get_layer("conv2d").set_weights([wave((3, 3, 2, 3), 10, 0.5)])
model.get_layer("dense").set_weights([wave((48, 4), 11, 0.5), wave((4,), 12, 0.5)])
quantized = tfmot.quantization.keras.quantize_model(model)
quantized.compile(tf.keras.optimizers.SGD(0.1), "mse")
losses = [float(quantized.train_on_batch(wave((4, 6, 6, 2), step, 3.0), wave((4, 4), 20 + step))) for step in range(3)]
names = {
    "conv2d/kernel": "conv2d/kernel",
    "batch_normalization/gamma": "batch_normalization/gamma",
    "batch_normalization/beta": "batch_normalization/beta",
    "dense/kernel": "dense/kernel",
    "dense/bias": "dense/bias",
    "quantize_layer/input_min": "quantize_layer/quantize_layer_min",
    "quantize_layer/input_max": "quantize_layer/quantize_layer_max",
    "quant_activation/output_min": "quant_activation/output_min",
    "quant_activation/output_max": "quant_activation/output_max",
    "quant_dense/output_min": "quant_dense/post_activation_min",
    "quant_dense/output_max": "quant_dense/post_activation_max",
}
values = {w.name.split(":")[0].replace("quant_conv2d/conv2d", "conv2d"): w.numpy() for w in quantized.weights}
result = {}
for ours, theirs in names.items():
  found = [v for n, v in values.items() if n == theirs or n.endswith("/" + theirs)]
  assert len(found) == 1, (theirs, sorted(values))
  result[ours] = ["%.8g" % v for v in found[0].reshape(-1)]
  result[ours] = [float(v) for v in result[ours]]
print(json.dumps({"losses": losses, "weights": result}, separators=(",", ":")))

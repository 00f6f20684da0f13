# SPDX-License-Identifier: Apache-2.0
"""Writes keras_goldens.json: what Keras computes for small inputs, for keras_golden_test.cc.

  python3 -m venv keras && keras/bin/pip install tensorflow-cpu==2.21.0 keras==3.15.1
  keras/bin/python make_goldens.py > keras_goldens.json

Every input is a formula, so that the file only holds what Keras made of it. Layers and losses: the value, and the gradient
of sum(value * wave) with respect to the input and each weight.
"""
import json
import sys

import keras
from keras import layers, losses, metrics, optimizers
import numpy as np
import tensorflow as tf

from golden_numbers import numbers, wave


LAYERS = {
    "dense": (layers.Dense(4, activation="tanh"), [(3, 5)]),
    "dense_3d": (layers.Dense(2), [(2, 3, 4)]),
    "conv2d_valid": (layers.Conv2D(2, 3, strides=2), [(2, 6, 7, 3)]),
    "conv2d_same": (layers.Conv2D(2, (3, 2), strides=2, padding="same", activation="relu"), [(2, 5, 6, 3)]),
    "conv2d_dilated": (layers.Conv2D(2, 2, dilation_rate=2, use_bias=False), [(1, 5, 5, 2)]),
    "conv2d_transpose_same": (layers.Conv2DTranspose(2, 3, strides=2, padding="same"), [(1, 3, 4, 3)]),
    "conv2d_transpose_valid": (layers.Conv2DTranspose(2, 3, strides=2), [(1, 3, 4, 3)]),
    "conv1d_same": (layers.Conv1D(3, 3, padding="same"), [(2, 6, 2)]),
    "conv1d_causal": (layers.Conv1D(2, 2, padding="causal", dilation_rate=2), [(1, 6, 2)]),
    "depthwise": (layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, strides=2), [(1, 5, 5, 2)]),
    "separable": (layers.SeparableConv2D(3, 3, padding="same"), [(1, 5, 5, 2)]),
    "max_pooling": (layers.MaxPooling2D(2), [(1, 5, 4, 2)]),
    "max_pooling_same": (layers.MaxPooling2D(3, strides=2, padding="same"), [(1, 5, 5, 2)]),
    "average_pooling": (layers.AveragePooling2D(2, strides=1, padding="same"), [(1, 4, 4, 2)]),
    "max_pooling1d": (layers.MaxPooling1D(2), [(1, 6, 2)]),
    "average_pooling1d": (layers.AveragePooling1D(3, strides=1), [(1, 6, 2)]),
    "global_average": (layers.GlobalAveragePooling2D(), [(2, 3, 3, 2)]),
    "global_max": (layers.GlobalMaxPooling2D(keepdims=True), [(2, 3, 3, 2)]),
    "batch_norm_image_training": (layers.BatchNormalization(momentum=0.9), [(2, 3, 3, 2)]),
    "batch_norm_image": (layers.BatchNormalization(), [(2, 3, 3, 2)]),
    "batch_norm_training": (layers.BatchNormalization(scale=False), [(6, 3)]),
    "batch_norm": (layers.BatchNormalization(), [(6, 3)]),
    "layer_norm": (layers.LayerNormalization(), [(3, 5)]),
    "zero_padding": (layers.ZeroPadding2D(((1, 2), (0, 1))), [(1, 2, 2, 2)]),
    "cropping": (layers.Cropping2D(((1, 0), (1, 1))), [(1, 4, 4, 2)]),
    "up_sampling": (layers.UpSampling2D((2, 3)), [(1, 2, 2, 2)]),
    "up_sampling_bilinear": (layers.UpSampling2D(2, interpolation="bilinear"), [(1, 3, 2, 2)]),
    "prelu": (layers.PReLU(shared_axes=[1, 2]), [(1, 3, 3, 2)]),
    "relu_options": (layers.ReLU(max_value=0.8, negative_slope=0.1, threshold=0.2), [(4, 5)]),
    "leaky_relu": (layers.LeakyReLU(), [(4, 5)]),
    "elu": (layers.ELU(alpha=0.5), [(4, 5)]),
    "permute": (layers.Permute((2, 1)), [(1, 2, 3)]),
    "repeat_vector": (layers.RepeatVector(2), [(2, 3)]),
    "rescaling": (layers.Rescaling(2.0, offset=-0.5), [(2, 3)]),
    "add": (layers.Add(), [(2, 3), (2, 3), (2, 3)]),
    "subtract": (layers.Subtract(), [(2, 3), (2, 3)]),
    "multiply": (layers.Multiply(), [(2, 3), (2, 3)]),
    "average": (layers.Average(), [(2, 3), (2, 3)]),
    "maximum": (layers.Maximum(), [(2, 3), (2, 3)]),
    "concatenate": (layers.Concatenate(), [(2, 3), (2, 1)]),
    "conv1d_transpose_same": (layers.Conv1DTranspose(3, 4, strides=2, padding="same", activation="tanh"), [(2, 5, 2)]),
    "conv1d_transpose_valid": (layers.Conv1DTranspose(2, 3, strides=2, use_bias=False), [(1, 4, 3)]),
    "separable1d": (layers.SeparableConv1D(4, 3, padding="same", depth_multiplier=2, activation="relu"), [(2, 6, 2)]),
    "cropping1d": (layers.Cropping1D((1, 2)), [(2, 5, 2)]),
    "up_sampling1d": (layers.UpSampling1D(3), [(2, 2, 2)]),
    "dot": (layers.Dot(axes=1), [(3, 4), (3, 4)]),
    "dot_normalized": (layers.Dot(axes=-1, normalize=True), [(3, 4), (3, 4)]),
    "dot_attention": (layers.Dot(axes=(2, 2)), [(2, 3, 4), (2, 5, 4)]),
    "dot_weighted": (layers.Dot(axes=(1, 1)), [(2, 3), (2, 3, 4)]),
    "dot_images": (layers.Dot(axes=(3, 1), normalize=True), [(2, 2, 3, 4), (2, 4, 2, 2)]),
}
for name in ("relu", "relu6", "elu", "selu", "gelu", "sigmoid", "hard_sigmoid", "tanh", "softmax", "softplus", "softsign",
             "swish", "hard_swish", "exponential", "log_softmax", "leaky_relu", "mish", "log_sigmoid", "hard_tanh",
             "tanh_shrink", "squareplus"):
  LAYERS["activation_" + name] = (layers.Activation(name), [(4, 5)])


def run_layer(name, layer, shapes):
  scale = 4.0 if name.startswith("activation_") else 1.0
  xs = [tf.constant(wave(s, i, scale)) for i, s in enumerate(shapes)]
  arg = xs if len(xs) > 1 else xs[0]
  layer(arg)
  for i, w in enumerate(layer.weights):
    value = wave(w.shape, 10 + i, 0.5)
    w.assign(np.abs(value) + 0.5 if "variance" in w.name else value)
  training = name.endswith("_training")
  before = [w.numpy() for w in layer.trainable_weights]
  with tf.GradientTape() as tape:
    tape.watch(xs)
    y = layer(arg, training=training) if "norm" in name else layer(arg)
    loss = tf.reduce_sum(y * wave(y.shape, 99))
  grads = tape.gradient(loss, xs + [w.value for w in layer.trainable_weights])
  return {
      "output": numbers(y),
      "gradients": [numbers(g) for g in grads],
      "after": [numbers(w) for w in layer.non_trainable_weights if "seed" not in w.name],
  }


LOSSES = {
    "mean_squared_error": losses.MeanSquaredError,
    "mean_absolute_error": losses.MeanAbsoluteError,
    "mean_absolute_percentage_error": losses.MeanAbsolutePercentageError,
    "mean_squared_logarithmic_error": losses.MeanSquaredLogarithmicError,
    "huber": losses.Huber,
    "log_cosh": losses.LogCosh,
    "hinge": losses.Hinge,
    "squared_hinge": losses.SquaredHinge,
    "categorical_hinge": losses.CategoricalHinge,
    "kl_divergence": losses.KLDivergence,
    "poisson": losses.Poisson,
    "cosine_similarity": losses.CosineSimilarity,
    "binary_crossentropy": losses.BinaryCrossentropy,
    "binary_crossentropy_logits": lambda: losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
    "binary_focal_crossentropy": losses.BinaryFocalCrossentropy,
    "binary_focal_balanced": lambda: losses.BinaryFocalCrossentropy(apply_class_balancing=True, from_logits=True),
    "categorical_crossentropy": losses.CategoricalCrossentropy,
    "categorical_crossentropy_logits": lambda: losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2),
    "sparse_categorical_crossentropy": losses.SparseCategoricalCrossentropy,
    "sparse_categorical_crossentropy_logits": lambda: losses.SparseCategoricalCrossentropy(from_logits=True),
}


def loss_inputs(name):
  logits = wave((5, 4), 1, 2.0)
  probabilities = tf.nn.softmax(logits).numpy()
  classes = np.array([0, 3, 1, 2, 3])
  one_hot = np.eye(4, dtype=np.float32)[classes]
  if name.startswith("sparse"):
    return classes, logits if name.endswith("logits") else probabilities
  if name == "kl_divergence":
    return tf.nn.softmax(wave((5, 4), 2, 2.0)).numpy(), probabilities
  if name.startswith("mean") or name in ("huber", "log_cosh", "cosine_similarity"):
    return wave((5, 4), 2, 2.0), logits
  if name == "poisson":
    return np.abs(wave((5, 4), 2, 2.0)), probabilities
  if "logits" in name or name in ("binary_focal_balanced", "hinge", "squared_hinge", "categorical_hinge"):
    return one_hot, logits
  return one_hot, probabilities


def run_loss(name, make):
  y_true, y_pred = loss_inputs(name)
  weight = np.array([1, 2, 0, 0.5, 3], np.float32)
  result = {}
  for key, sample_weight in (("plain", None), ("weighted", weight)):
    x = tf.constant(y_pred)
    with tf.GradientTape() as tape:
      tape.watch(x)
      value = make()(y_true, x, sample_weight=sample_weight)
    result[key] = numbers(value)
    result[key + "_gradient"] = numbers(tape.gradient(value, x))
  return result


METRICS = {
    "binary_accuracy": metrics.BinaryAccuracy,
    "categorical_accuracy": metrics.CategoricalAccuracy,
    "sparse_categorical_accuracy": metrics.SparseCategoricalAccuracy,
    "top_k_categorical_accuracy": lambda: metrics.TopKCategoricalAccuracy(k=2),
    "sparse_top_k_categorical_accuracy": lambda: metrics.SparseTopKCategoricalAccuracy(k=2),
    "root_mean_squared_error": metrics.RootMeanSquaredError,
    "mean_absolute_error": metrics.MeanAbsoluteError,
    "precision": metrics.Precision,
    "recall": metrics.Recall,
    "auc": metrics.AUC,
    "auc_pr": lambda: metrics.AUC(curve="PR"),
    "auc_multi_label": lambda: metrics.AUC(multi_label=True, num_labels=4),
}


def run_metric(name, make):
  metric = make()
  for batch in range(2):
    classes = np.array([0, 3, 1, 2, 3, 1]) if batch == 0 else np.array([2, 2, 0, 1, 0, 3])
    predictions = tf.nn.softmax(wave((6, 4), batch, 2.0)).numpy()
    labels = classes if name.startswith("sparse") else np.eye(4, dtype=np.float32)[classes]
    metric.update_state(labels, predictions, sample_weight=np.array([1, 2, 0, 0.5, 3, 1], np.float32))
  return numbers(metric.result())


OPTIMIZERS = {
    "sgd": optimizers.SGD(0.1),
    "sgd_momentum": optimizers.SGD(0.1, momentum=0.9),
    "sgd_nesterov": optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    "rmsprop": optimizers.RMSprop(0.01),
    "rmsprop_momentum": optimizers.RMSprop(0.01, momentum=0.5),
    "rmsprop_centered": optimizers.RMSprop(0.01, centered=True),
    "adagrad": optimizers.Adagrad(0.1),
    "adam": optimizers.Adam(0.01),
    "adam_amsgrad": optimizers.Adam(0.01, amsgrad=True),
    "adamw": optimizers.AdamW(0.01, weight_decay=0.1),
    "nadam": optimizers.Nadam(0.01),
    "clipnorm": optimizers.SGD(0.1, clipnorm=0.5),
    "clipvalue": optimizers.SGD(0.1, clipvalue=0.3),
    "global_clipnorm": optimizers.SGD(0.1, global_clipnorm=0.5),
    "schedule": optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)),
}


def run_optimizer(optimizer):
  v = keras.Variable(wave((4,), 3))
  optimizer.build([v])
  steps = []
  for step in range(5):
    optimizer.apply([tf.constant(wave((4,), 20 + step))], [v])
    steps.append(numbers(v))
  return steps


S = optimizers.schedules
SCHEDULES = {
    "exponential": S.ExponentialDecay(0.1, 10, 0.5),
    "exponential_staircase": S.ExponentialDecay(0.1, 10, 0.5, staircase=True),
    "inverse_time": S.InverseTimeDecay(0.1, 10, 0.5),
    "polynomial": S.PolynomialDecay(0.1, 20, 0.01, power=2.0),
    "polynomial_cycle": S.PolynomialDecay(0.1, 20, 0.01, cycle=True),
    "cosine": S.CosineDecay(0.1, 20, alpha=0.1),
    "cosine_warmup": S.CosineDecay(0.0, 20, warmup_target=0.1, warmup_steps=10),
    "piecewise": S.PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.1]),
}
STEPS = [0, 1, 5, 10, 11, 15, 20, 21, 35, 60]

text = json.dumps({
    "layers": {n: run_layer(n, *case) for n, case in LAYERS.items()},
    "losses": {n: run_loss(n, make) for n, make in LOSSES.items()},
    "metrics": {n: run_metric(n, make) for n, make in METRICS.items()},
    "optimizers": {n: run_optimizer(o) for n, o in OPTIMIZERS.items()},
    "schedules": {n: [numbers(s(step))[0] for step in STEPS] for n, s in SCHEDULES.items()},
}, separators=(",", ":"))
# A case per line.
sys.stdout.write(text.replace("},\"", "},\n\"").replace("]],\"", "]],\n\"") + "\n")

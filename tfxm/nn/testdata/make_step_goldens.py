# SPDX-License-Identifier: Apache-2.0
"""Writes step_goldens.json: what Keras computes for small inputs, for step_golden_test.cc.

  python3 -m venv keras && keras/bin/pip install tensorflow-cpu==2.21.0 keras==3.15.1
  keras/bin/python make_step_goldens.py > step_goldens.json

Inputs are formulas. Metrics: the value after two weighted batches. Losses: the value and its gradient. Optimizers: a
variable after each of seven updates, and after training.
"""
import json
import sys

import keras
from keras import losses, metrics, optimizers
import numpy as np
import tensorflow as tf

from golden_numbers import numbers, wave


METRICS = {
    "true_positives": metrics.TruePositives,
    "true_negatives": metrics.TrueNegatives,
    "false_positives": lambda: metrics.FalsePositives(thresholds=0.2),
    "false_negatives": metrics.FalseNegatives,
    "precision_at_recall": lambda: metrics.PrecisionAtRecall(0.7),
    "recall_at_precision": lambda: metrics.RecallAtPrecision(0.4),
    "sensitivity_at_specificity": lambda: metrics.SensitivityAtSpecificity(0.6, num_thresholds=50),
    "specificity_at_sensitivity": lambda: metrics.SpecificityAtSensitivity(0.6),
    "f1_macro": lambda: metrics.F1Score(average="macro"),
    "f1_micro": lambda: metrics.F1Score(average="micro", threshold=0.3),
    "f1_weighted": lambda: metrics.F1Score(average="weighted", threshold=0.3),
    "fbeta": lambda: metrics.FBetaScore(average="macro", beta=2.0),
    "r2_score": metrics.R2Score,
    "r2_weighted": lambda: metrics.R2Score(class_aggregation="variance_weighted_average"),
    "mape": metrics.MeanAbsolutePercentageError,
    "msle": metrics.MeanSquaredLogarithmicError,
    "hinge": metrics.Hinge,
    "squared_hinge": metrics.SquaredHinge,
    "categorical_hinge": metrics.CategoricalHinge,
    "kl_divergence": metrics.KLDivergence,
    "poisson": metrics.Poisson,
    "log_cosh_error": metrics.LogCoshError,
    "cosine_similarity": metrics.CosineSimilarity,
    "bce": metrics.BinaryCrossentropy,
    "precision_class": lambda: metrics.Precision(class_id=3),
    "precision_top_k": lambda: metrics.Precision(top_k=2),
    "precision_top_k_class": lambda: metrics.Precision(thresholds=0.3, top_k=2, class_id=0),
    "recall_class": lambda: metrics.Recall(class_id=1, thresholds=0.2),
    "recall_top_k": lambda: metrics.Recall(top_k=1),
    "recall_top_k_class": lambda: metrics.Recall(top_k=3, class_id=2),
    "mean_iou": lambda: metrics.MeanIoU(4, sparse_y_true=False, sparse_y_pred=False, dtype="float32"),
    "mean_iou_ignored": lambda: metrics.MeanIoU(5, ignore_class=3, sparse_y_true=False, sparse_y_pred=False,
                                                dtype="float32"),
    "iou": lambda: metrics.IoU(4, [0, 2], sparse_y_true=False, sparse_y_pred=False, dtype="float32"),
    "one_hot_mean_iou": lambda: metrics.OneHotMeanIoU(4, dtype="float32"),
    "binary_iou": lambda: metrics.BinaryIoU([0, 1], threshold=0.3),
    "binary_iou_class": lambda: metrics.BinaryIoU([1], threshold=0.2),
}


def run_metric(make):
  metric = make()
  for batch in range(2):
    classes = np.array([0, 3, 1, 2, 3, 1]) if batch == 0 else np.array([2, 2, 0, 1, 0, 3])
    predictions = tf.nn.softmax(wave((6, 4), batch, 2.0)).numpy()
    labels = np.eye(4, dtype=np.float32)[classes]
    weight = np.array([1, 2, 0, 0.5, 3, 1], np.float32)
    metric.update_state(labels, predictions, None if isinstance(metric, metrics.BinaryIoU) else weight)
  return numbers(metric.result())


LOSSES = {
    "categorical_focal": losses.CategoricalFocalCrossentropy,
    "categorical_focal_logits": lambda: losses.CategoricalFocalCrossentropy(from_logits=True, label_smoothing=0.1, gamma=1.5),
    "dice": losses.Dice,
    "dice_axis": lambda: losses.Dice(axis=(1,)),
    "tversky": lambda: losses.Tversky(alpha=0.3, beta=0.7),
    "tversky_axis": lambda: losses.Tversky(axis=(1,)),
}


def run_loss(name, make):
  y_true = np.eye(4, dtype=np.float32)[[0, 3, 1, 2, 3]]
  logits = wave((5, 4), 1, 2.0)
  x = tf.constant(logits if name.endswith("logits") else tf.nn.softmax(logits))
  with tf.GradientTape() as tape:
    tape.watch(x)
    value = make()(y_true, x)
  return {"value": numbers(value), "gradient": numbers(tape.gradient(value, x))}


def excluding(optimizer, names):
  optimizer.exclude_from_weight_decay(var_names=names)
  return optimizer


OPTIMIZERS = {
    "adamax": optimizers.Adamax(0.01),
    "adadelta": optimizers.Adadelta(0.5),
    "lion": optimizers.Lion(0.01, weight_decay=0.1),
    "ftrl": optimizers.Ftrl(0.1),
    "ftrl_options": optimizers.Ftrl(0.1, learning_rate_power=-0.6, l1_regularization_strength=0.05,
                                    l2_regularization_strength=0.1, l2_shrinkage_regularization_strength=0.01, beta=0.2),
    "excluded": excluding(optimizers.AdamW(0.01, weight_decay=0.5), ["w"]),
    "ema": optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8),
    "ema_overwrite": optimizers.Adam(0.01, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3),
    "accumulation": optimizers.Adam(0.01, gradient_accumulation_steps=3, clipnorm=0.5),
    "accumulation_ema": optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 2, 0.5), momentum=0.9,
                                       gradient_accumulation_steps=2, use_ema=True, ema_momentum=0.5),
}


# Name: constraint, optimizer.
CONSTRAINTS = {
    "max_norm": (keras.constraints.MaxNorm(0.5), lambda: optimizers.SGD(0.1)),
    "non_neg": (keras.constraints.NonNeg(), lambda: optimizers.Adam(0.05)),
    "unit_norm": (keras.constraints.UnitNorm(), lambda: optimizers.SGD(0.1, momentum=0.9)),
    "min_max_norm": (keras.constraints.MinMaxNorm(0.2, 0.7, 0.5), lambda: optimizers.SGD(0.1)),
    "ema": (keras.constraints.MaxNorm(0.5), lambda: optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8)),
    "accumulation": (keras.constraints.MinMaxNorm(0.2, 0.7, 0.5),
                     lambda: optimizers.SGD(0.1, gradient_accumulation_steps=3)),
}


def run_optimizer(optimizer, constraint=None):
  v = keras.Variable(wave((4,), 3), name="w")
  v.constraint = constraint
  optimizer.build([v])
  steps = []
  for step in range(7):
    optimizer.apply([tf.constant(wave((4,), 20 + step))], [v])
    steps.append(numbers(v))
  optimizer.finalize_variable_values([v])
  return steps + [numbers(v)]


lines = []
for kind, made in (("metrics", {n: run_metric(m) for n, m in METRICS.items()}),
                   ("losses", {n: run_loss(n, m) for n, m in LOSSES.items()}),
                   ("optimizers", {n: run_optimizer(o) for n, o in OPTIMIZERS.items()}),
                   ("constraints", {n: run_optimizer(o(), c) for n, (c, o) in CONSTRAINTS.items()})):
  inside = ",\n".join("\"%s\":%s" % (n, json.dumps(v, separators=(",", ":"))) for n, v in made.items())
  lines.append("\"%s\":{%s}" % (kind, inside))
sys.stdout.write("{" + ",\n".join(lines) + "}\n")

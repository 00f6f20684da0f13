# SPDX-License-Identifier: Apache-2.0
"""Writes keras3_export/ or keras2_saved_model/: a small model as Keras saves it, for warm_start_test.cc.

  python3 -m venv keras3 && keras3/bin/pip install tensorflow-cpu==2.21.0 keras==3.15.0
  keras3/bin/python make_keras_saved_models.py keras3_export
  python3 -m venv keras2 && keras2/bin/pip install tensorflow==2.15.1
  keras2/bin/python make_keras_saved_models.py keras2_saved_model

Weights are a formula, so that the test knows them.
"""
import os
import shutil
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np
import tensorflow as tf

target = sys.argv[1]
layers = tf.keras.layers
model = tf.keras.Sequential([
    layers.Input((4, 4, 2), name="image"),
    layers.Conv2D(3, 3, name="stem"),
    layers.BatchNormalization(name="stem_bn"),
    layers.DepthwiseConv2D(2, use_bias=False, name="depthwise"),
    layers.Flatten(name="flatten"),
    layers.Dense(2, name="head"),
])
for i, w in enumerate(model.weights):
  n = int(np.prod(w.shape))
  w.assign((0.1 * i + 0.01 * np.arange(n, dtype=np.float32) + 0.5).reshape(w.shape).astype(np.float32))
shutil.rmtree(target, ignore_errors=True)
if target.startswith("keras3"):
  model.export(target)
else:
  model.save(target, save_format="tf", include_optimizer=False)
  os.remove(os.path.join(target, "keras_metadata.pb"))
os.remove(os.path.join(target, "fingerprint.pb"))

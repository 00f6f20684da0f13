# SPDX-License-Identifier: Apache-2.0
"""Writes sequence_goldens.json: how Keras trains small models of sequences, for sequence_golden_test.cc.

  python3 -m venv keras && keras/bin/pip install tensorflow-cpu==2.21.0 keras==3.15.1
  keras/bin/python make_sequence_goldens.py > sequence_goldens.json

Weights, inputs and labels are formulas. Of each model: the loss of two steps of SGD, then the outputs and the weights.
"""
import json
import sys

import keras
from keras import layers
import numpy as np

from golden_numbers import numbers, wave


def tokens(shape):
  """0 where a sequence is over: example i has 1 + (2 * i) % steps tokens."""
  batch, steps = shape
  return np.array([[(3 * i + 2 * t) % 6 + 1 if t < 1 + (2 * i) % steps else 0 for t in range(steps)]
                   for i in range(batch)])


def of(layer, shape):
  """A model of one layer on [batch, …]."""
  x = keras.Input(shape[1:])
  return keras.Model(x, layer(x)), [wave(shape, 0)]


def with_state(layer, shape, num_states):
  x = keras.Input(shape[1:])
  states = [keras.Input((3,)) for _ in range(num_states)]
  outputs = layer(x, initial_state=states)
  inputs = [wave(shape, 0)] + [wave((shape[0], 3), 1 + i) for i in range(num_states)]
  return keras.Model([x] + states, outputs), inputs


def embedded(make, shape=(3, 5)):
  x = keras.Input(shape[1:], dtype="int64")
  return keras.Model(x, make(layers.Embedding(7, 4, mask_zero=True)(x))), [tokens(shape)]


def encoded(mode, steps=5):
  x = keras.Input((steps,), dtype="int64")
  return keras.Model(x, layers.Dense(2)(layers.CategoryEncoding(7, output_mode=mode)(x))), [tokens((3, steps))]


def masked_with_state(layer, num_states, give_mask):
  """`give_mask`: Keras 3.15 drops the mask of a recurrent layer that is given states, unless the call names it."""
  x = keras.Input((5,), dtype="int64")
  states = [keras.Input((3,)) for _ in range(num_states)]
  embedding = layers.Embedding(7, 4, mask_zero=True)
  mask = {"mask": embedding.compute_mask(x)} if give_mask else {}
  inputs = [tokens((3, 5))] + [wave((3, 3), 1 + i) for i in range(num_states)]
  return keras.Model([x] + states, layer(embedding(x), initial_state=states, **mask)), inputs


def masked():
  x = keras.Input((5, 3))
  value = wave((2, 5, 3), 0)
  value[0, 2:] = 0.5
  return keras.Model(x, layers.GRU(3, return_sequences=True)(layers.Masking(0.5)(x))), [value]


def attention(layer, *shapes, mask=None, **kwargs):
  xs = [keras.Input(s[1:]) for s in shapes]
  inputs = [wave(s, i) for i, s in enumerate(shapes)]
  if len(xs) == 1:
    y = layer(xs[0], xs[0], **kwargs)
  elif mask is None:
    y = layer(*xs, **kwargs)
  else:
    m = keras.Input(mask.shape[1:])
    y = layer(*xs, attention_mask=m, **kwargs)
    return keras.Model(xs + [m], y), inputs + [mask]
  return keras.Model(xs, y), inputs


def siamese():
  """A model with BatchNormalization that is called twice in each step."""
  a = keras.Input((3,))
  base = keras.Model(a, layers.BatchNormalization(momentum=0.8)(layers.Dense(4)(a)))
  x, y = keras.Input((3,)), keras.Input((3,))
  return keras.Model([x, y], layers.Dense(1)(layers.Subtract()([base(x), base(y)]))), [wave((5, 3), 0), wave((5, 3), 1)]


MASK = (np.arange(2 * 4 * 5).reshape(2, 4, 5) % 3 > 0).astype(np.float32)
CASES = {
    "lstm": lambda: of(layers.LSTM(3), (2, 5, 4)),
    "lstm_sequences_backwards": lambda: of(layers.LSTM(3, return_sequences=True, go_backwards=True), (2, 5, 4)),
    "lstm_options": lambda: of(layers.LSTM(3, activation="softsign", recurrent_activation="hard_sigmoid", use_bias=False),
                               (2, 5, 4)),
    "lstm_state": lambda: with_state(layers.LSTM(3, return_state=True), (2, 4, 2), 2),
    "gru": lambda: of(layers.GRU(3), (2, 5, 4)),
    "gru_sequences": lambda: of(layers.GRU(3, return_sequences=True), (2, 4, 2)),
    "gru_reset_before": lambda: of(layers.GRU(3, reset_after=False), (2, 5, 4)),
    "gru_no_bias": lambda: of(layers.GRU(3, use_bias=False), (2, 5, 4)),
    "gru_state": lambda: with_state(layers.GRU(3, return_state=True), (2, 4, 2), 1),
    "simple_rnn": lambda: of(layers.SimpleRNN(3), (2, 5, 4)),
    "bidirectional": lambda: of(layers.Bidirectional(layers.LSTM(3)), (2, 5, 4)),
    "bidirectional_sum": lambda: of(layers.Bidirectional(layers.GRU(2, return_sequences=True), merge_mode="sum"), (2, 4, 3)),
    "stacked": lambda: of(keras.Sequential([layers.LSTM(3, return_sequences=True), layers.LSTM(2)]), (2, 5, 4)),
    "embedding_lstm": lambda: embedded(layers.LSTM(3)),
    "embedding_bidirectional": lambda: embedded(layers.Bidirectional(layers.GRU(2))),
    # The mask goes on to the loss.
    "embedding_gru_dense": lambda: embedded(lambda x: layers.Dense(2)(layers.GRU(3, return_sequences=True)(x))),
    "embedding_average": lambda: embedded(lambda x: layers.GlobalAveragePooling1D()(layers.Dense(3, activation="tanh")(x))),
    "embedding_attention": lambda: embedded(lambda x: layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(2, 3)(x, x))),
    "gru_state_mask": lambda: masked_with_state(layers.GRU(3, return_sequences=True), 1, True),
    "lstm_state_mask": lambda: masked_with_state(layers.LSTM(3, return_state=True), 2, True),
    "bidirectional_state_mask": lambda: masked_with_state(
        layers.Bidirectional(layers.GRU(3, return_sequences=True)), 2, True),
    "gru_state_dropped_mask": lambda: masked_with_state(layers.GRU(3, return_sequences=True), 1, False),
    "masking": masked,
    "time_distributed": lambda: of(layers.TimeDistributed(layers.Conv2D(2, 2)), (2, 3, 4, 4, 2)),
    "time_distributed_batches": lambda: of(layers.TimeDistributed(layers.BatchNormalization(momentum=0.7)), (4, 3, 2)),
    "time_distributed_model": lambda: of(keras.Sequential([
        layers.TimeDistributed(keras.Sequential([layers.LSTM(3), layers.Dense(2)])), layers.GRU(2)]), (2, 3, 4, 2)),
    "time_distributed_mask": lambda: embedded(
        lambda x: layers.GRU(2)(layers.TimeDistributed(layers.Dense(3, activation="tanh"))(x))),
    "siamese": siamese,
    "multi_hot": lambda: encoded("multi_hot"),
    "count": lambda: encoded("count"),
    "one_hot": lambda: encoded("one_hot", 1),
    "attention": lambda: attention(layers.MultiHeadAttention(2, 3), (2, 4, 6)),
    "attention_cross": lambda: attention(layers.MultiHeadAttention(2, 3, value_dim=2, output_shape=5), (2, 4, 6), (2, 5, 3),
                                         (2, 5, 2)),
    "attention_causal": lambda: attention(layers.MultiHeadAttention(3, 2, use_bias=False), (2, 4, 6), use_causal_mask=True),
    "attention_mask": lambda: attention(layers.MultiHeadAttention(2, 3), (2, 4, 6), (2, 5, 3), mask=MASK),
    "group_normalization": lambda: of(layers.GroupNormalization(2), (2, 3, 2, 4)),
    "depthwise_conv1d": lambda: of(layers.DepthwiseConv1D(3, strides=2, padding="same", depth_multiplier=2), (2, 7, 3)),
    "depthwise_conv1d_dilated": lambda: of(layers.DepthwiseConv1D(2, dilation_rate=2), (2, 7, 3)),
    "zero_padding1d": lambda: of(keras.Sequential([layers.ZeroPadding1D((1, 2)), layers.Conv1D(2, 2)]), (2, 3, 2)),
    "activity_regularization": lambda: of(
        keras.Sequential([layers.Dense(3), layers.ActivityRegularization(0.02, 0.01), layers.Dense(2)]), (2, 4)),
}


def run(make):
  model, inputs = make()
  # Keras asks for int64 to be what an Embedding takes; floats are as they are.
  for i, w in enumerate(model.weights):
    value = wave(w.shape, 10 + i, 0.5)
    w.assign(np.abs(value) + 0.5 if w.name == "moving_variance" else value)
  model.compile(keras.optimizers.SGD(0.1), "mse" if len(model.outputs) == 1 else ["mse"] * len(model.outputs))
  labels = [wave((inputs[0].shape[0],) + o.shape[1:], 50 + i) for i, o in enumerate(model.outputs)]
  x = inputs if len(inputs) > 1 else inputs[0]
  y = labels if len(labels) > 1 else labels[0]
  losses = [numbers(model.train_on_batch(x, y))[0] for _ in range(2)]
  outputs = model(x, training=False)
  outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
  return {
      "losses": losses,
      "outputs": [numbers(o) for o in outputs],
      "weights": [numbers(w) for w in model.weights],
  }


lines = ["\"%s\":%s" % (name, json.dumps(run(make), separators=(",", ":"))) for name, make in CASES.items()]
sys.stdout.write("{" + ",\n".join(lines) + "}\n")

# SPDX-License-Identifier: Apache-2.0
"""Makes the SavedModels of testdata/.

  python make_models.py OUT [NAME…]        (tensorflow-cpu 2.21, keras 3.15)
"""
import sys
import keras
import numpy as np
import tensorflow as tf

WEIGHTS = tf.constant(np.sin(np.arange(15.)).reshape(5, 3) * .5, tf.float32)


class Recurrent(tf.Module):
  """A recurrent layer of any batch size that keeps its steps in a TensorArray, as Keras's do."""

  @tf.function(input_signature=[tf.TensorSpec([None, 4, 2], name='x')])
  def call(self, x):
    steps = tf.transpose(x, [1, 0, 2])
    states = tf.TensorArray(tf.float32, 4, element_shape=[None, 3])

    def step(t, state, states):
      state = tf.tanh(tf.concat([steps[t], state], 1) @ WEIGHTS)
      return t + 1, state, states.write(t, state)

    _, _, states = tf.while_loop(lambda t, *_: t < 4, step, (0, tf.zeros([tf.shape(x)[0], 3]), states))
    return {'y': tf.transpose(states.stack(), [1, 0, 2])}


class Mapped(tf.Module):
  """A loop over the examples of a batch, whose results it carries."""

  @tf.function(input_signature=[tf.TensorSpec([None, 4, 2], name='x')])
  def call(self, x):
    return {'y': tf.map_fn(lambda steps: tf.tanh(steps @ WEIGHTS[:2]), x)}


class Streaming(tf.Module):
  """A model that keeps state: what it answers depends on the examples before."""

  def __init__(self):
    self.state = tf.Variable(tf.zeros([1, 2]))

  @tf.function(input_signature=[tf.TensorSpec([1, 2], name='x')])
  def call(self, x):
    self.state.assign(.9 * self.state + x)
    return {'y': self.state.read_value() @ WEIGHTS[:2]}


class KerasLstm(tf.Module):
  """An LSTM as Keras 2 writes it: a function with attributes that begins with zeros of the batch's size."""

  def __init__(self, batch, steps, kernel, recurrent, bias):
    self.weights = [tf.Variable(np.array(w, np.float32)) for w in (kernel, recurrent, bias)]
    self.lstm = tf.function(self.run, autograph=False, experimental_attributes={
        'api_implements': 'lstm_1', 'api_preferred_device': 'CPU', 'time_major': False, 'go_backwards': False})
    features, self.units, self.steps = len(kernel), len(recurrent), steps
    self.call = tf.function(self.last, input_signature=[tf.TensorSpec([batch, steps, features], name='x')])

  def run(self, inputs, init_h, init_c, kernel, recurrent_kernel, bias):
    xs = tf.transpose(inputs, [1, 0, 2])
    outputs = tf.TensorArray(tf.float32, self.steps, element_shape=[None, self.units])

    def step(t, h, c, outputs):
      i, f, g, o = tf.split(xs[t] @ kernel + h @ recurrent_kernel + bias, 4, -1)
      c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
      h = tf.sigmoid(o) * tf.tanh(c)
      return t + 1, h, c, outputs.write(t, h)

    _, h, c, outputs = tf.while_loop(lambda t, *_: t < self.steps, step, (0, init_h, init_c, outputs))
    return h, tf.transpose(outputs.stack(), [1, 0, 2]), h, c, tf.constant(0.)

  def last(self, x):
    zeros = [tf.zeros([tf.shape(x)[0], self.units]) for _ in range(2)]
    return {'y': self.lstm(x, *zeros, *(tf.identity(w) for w in self.weights))[0]}


class Twice(keras.Model):
  """A subclassed model of Keras 3, saved by tf.saved_model.save: its layers' variables have the same names, and what is
  restored are copies of them."""

  def __init__(self):
    super().__init__()
    self.first, self.second = keras.layers.Dense(8, activation='relu'), keras.layers.Dense(3)

  @tf.function(input_signature=[tf.TensorSpec([None, 6], name='x')])
  def call(self, x):
    return {'y': self.second(self.first(x))}


class Vocabulary(tf.Module):
  """Words whose ids are the lines of a file, from 1 on, as StringLookup(vocabulary='words.txt') of Keras has them."""

  def __init__(self):
    with open('words.txt', 'w') as f:
      f.write('red\nblue\n')
    self.table = tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(
        'words.txt', tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER,
        value_index_offset=1), 0)

  @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name='word')])
  def call(self, word):
    return {'ids': self.table.lookup(word)}


random = np.random.RandomState(1)
TWICE = Twice()
TWICE(np.zeros((1, 6), np.float32))
TWICE.set_weights([random.randn(*w.shape) * .5 for w in TWICE.get_weights()])
random = np.random.RandomState(1)
LSTM = KerasLstm(None, 5, random.randn(2, 12), random.randn(3, 12), random.randn(12))
# Two cells that count the ones, and are halved by a minus one: then the input gate is 0 and the forget gate 1/2.
COUNTER = KerasLstm(1, 24, [[20, 20, 10, 10, 20, 20, 0, 0]], np.zeros((2, 8)), [0, 0, 10, 10, 0, 0, 20, 20])

for name, model in (('recurrent', Recurrent()), ('streaming', Streaming()), ('keras_lstm', LSTM), ('keras_counter', COUNTER),
                    ('keras3_subclass', TWICE), ('vocabulary', Vocabulary()), ('mapped', Mapped())):
  if name not in (sys.argv[2:] or [name]):
    continue
  tf.saved_model.save(model, f'{sys.argv[1]}/{name}', {'serving_default': model.call},
                      options=tf.saved_model.SaveOptions(save_debug_info=False))

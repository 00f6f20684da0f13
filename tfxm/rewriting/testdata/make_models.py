# SPDX-License-Identifier: Apache-2.0
"""Makes the SavedModels of testdata/.

  python make_models.py OUT        (tensorflow-cpu 2.21)
"""
import sys
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


class Streaming(tf.Module):
  """A model that keeps state: what it answers depends on the examples before."""

  def __init__(self):
    self.state = tf.Variable(tf.zeros([1, 2]))

  @tf.function(input_signature=[tf.TensorSpec([1, 2], name='x')])
  def call(self, x):
    self.state.assign(.9 * self.state + x)
    return {'y': self.state.read_value() @ WEIGHTS[:2]}


for name, model in (('recurrent', Recurrent()), ('streaming', Streaming())):
  tf.saved_model.save(model, f'{sys.argv[1]}/{name}', {'serving_default': model.call},
                      options=tf.saved_model.SaveOptions(save_debug_info=False))

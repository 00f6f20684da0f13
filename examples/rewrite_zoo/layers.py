# SPDX-License-Identifier: Apache-2.0
"""Layers of Keras 3 that the networks do not have, in small models, and ways to export that are not a functional model's."""
import keras
import numpy as np
import tensorflow as tf

from recipes import conv, model, net

L = keras.layers
K = keras.ops


@model()
def layers_1d():
  return net((40, 6), L.ZeroPadding1D(2), L.SeparableConv1D(12, 5, activation='relu'), L.DepthwiseConv1D(3, depth_multiplier=2, strides=2),
             L.BatchNormalization(), L.AveragePooling1D(2), L.Conv1DTranspose(8, 3, strides=2), L.UpSampling1D(2), L.Cropping1D((1, 2)),
             L.MaxPooling1D(3, padding='same'), L.SpatialDropout1D(0.2), L.GlobalMaxPooling1D(), L.Dense(3))


@model()
def grouped_query_attention():
  x = inputs = keras.Input((10, 16), name='tokens')
  x = L.Add()([x, L.GroupQueryAttention(8, 4, 2)(x, x, use_causal_mask=True)])
  x = L.RMSNormalization()(x)
  return keras.Model(inputs, L.Dense(4)(x))


@model()
def attentions():
  query, value = keras.Input((6, 8), name='query'), keras.Input((9, 8), name='value')
  mask = keras.Input((9,), dtype='bool', name='mask')
  a = L.Attention(use_scale=True, score_mode='concat')([query, value], mask=[None, mask])
  b = L.AdditiveAttention()([query, value], mask=[None, mask])
  c, scores = L.MultiHeadAttention(2, 4, value_dim=6, output_shape=5)(query, value, attention_mask=mask[:, None, :], return_attention_scores=True)
  return keras.Model([query, value, mask], {'additive': b, 'dot': a, 'heads': c, 'scores': scores})


@model()
def einsum_dense():
  x = inputs = keras.Input((6, 8), name='x')
  x = L.EinsumDense('abc,cde->abde', output_shape=(6, 2, 5), bias_axes='de', activation='relu')(x)
  x = L.EinsumDense('abde,de->abd', output_shape=(6, 2))(x)
  return keras.Model(inputs, L.EinsumDense('abd,bf->adf', output_shape=(2, 4), bias_axes='f')(x))


@model()
def normalizations():
  x = inputs = keras.Input((8, 8, 6), name='x')
  x = L.SpectralNormalization(L.Conv2D(8, 3))(x)
  x = L.BatchNormalization(axis=1)(x)
  x = L.LayerNormalization(axis=[1, 2])(x)
  x = L.GroupNormalization(groups=-1)(x)  # instance normalization
  x = L.UnitNormalization(axis=-1)(L.Activation('tanh')(x))
  return keras.Model(inputs, L.Dense(3)(L.Flatten()(L.Dropout(.5)(L.GaussianNoise(.2)(x)))))


class Minimal(L.Layer):
  """A cell of one's own: a minimal gated unit."""
  def __init__(self, units, **options):
    super().__init__(**options)
    self.units = self.state_size = units

  def build(self, shape):
    self.kernel = self.add_weight(shape=(shape[-1] + self.units, 2 * self.units), name='kernel')
    self.bias = self.add_weight(shape=(2 * self.units,), name='bias')

  def call(self, x, states):
    h = states[0]
    z, c = K.split(K.matmul(K.concatenate([x, h], -1), self.kernel) + self.bias, 2, -1)
    h = h + K.sigmoid(z) * (K.tanh(c) - h)
    return h, [h]


@model()
def stacked_cells():
  return net((6, 5), L.RNN(L.StackedRNNCells([L.LSTMCell(6), L.GRUCell(7), L.SimpleRNNCell(5)])), L.Dense(3))


def padded_steps(rng, shape):
  steps = rng.uniform(-1, 1, shape)
  return np.where(np.arange(shape[1])[None, :, None] < rng.randint(2, shape[1] + 1, (shape[0], 1, 1)), steps, 0)


@model(fed={'x': padded_steps})
def masked_lstm():
  return net((8, 5), L.Masking(), L.LSTM(8, return_sequences=True), L.GRU(6), L.Dense(3))


@model()
def lstm_with_states():
  x, h, c = keras.Input((6, 5), name='x'), keras.Input((8,), name='h'), keras.Input((8,), name='c')
  y, new_h, new_c = L.LSTM(8, return_sequences=True, return_state=True)(x, initial_state=[h, c])
  return keras.Model([x, h, c], {'y': L.Dense(2)(y), 'new_h': new_h, 'new_c': new_c})


@model()
def rotary_attention():
  inputs = keras.Input((10, 16), name='x')
  angle = np.arange(10)[:, None] * 10000.0 ** (-np.arange(8) / 8)
  sine, cosine = (f(angle).astype('float32') for f in (np.sin, np.cos))
  a, b = K.split(L.Dense(16)(inputs), 2, axis=-1)
  x = K.concatenate([a * cosine - b * sine, a * sine + b * cosine], -1)
  return keras.Model(inputs, K.matmul(K.softmax(K.einsum('btd,bsd->bts', x, x) / 4.0), inputs))


@model()
def patches():
  inputs = keras.Input((24, 24, 3), name='image')
  x = K.image.extract_patches(inputs, (8, 8), padding='valid')
  x = L.Dense(16)(K.reshape(x, (-1, 9, 192))) + L.Embedding(9, 16)(K.arange(9))
  return keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling1D()(L.MultiHeadAttention(2, 8)(x, x))))


@model()
def box_decoding():
  """Boxes as distributions of the four sides' distances from a grid's points."""
  inputs = keras.Input((32, 32, 3), name='image')
  x = L.Conv2D(24, 1)(L.Conv2D(16, 3, strides=4, padding='same', activation='silu')(inputs))
  sides, score = K.split(L.Reshape((64, 24))(x), [16], axis=-1)
  sides = K.squeeze(K.matmul(K.softmax(L.Reshape((64, 4, 4))(sides), -1), np.arange(4, dtype='float32')[:, None]), -1)
  grid = np.stack(np.meshgrid(np.arange(8), np.arange(8)), -1).reshape(64, 2).astype('float32') + 0.5
  low, high = K.subtract(grid, sides[..., :2]), K.add(grid, sides[..., 2:])
  return keras.Model(inputs, K.concatenate([(low + high) * 2, (high - low) * 4, K.sigmoid(score)], -1))


@model()
def cosine_similarity():
  a, b = keras.Input((12,), name='a'), keras.Input((12,), name='b')
  tower = keras.Sequential([L.Dense(16, 'relu'), L.Dense(8), L.UnitNormalization()])
  x, y = tower(a), tower(b)
  return keras.Model([a, b], {'cosine': K.sum(x * y, -1, keepdims=True), 'distance': K.norm(x - y, axis=-1)})


@model()
def causal_upsampled():
  return net((60, 3), L.Conv1D(8, 5, padding='same', activation='relu'), L.MaxPooling1D(2), L.Conv1D(12, 3, dilation_rate=2, padding='causal', activation='elu'),
             L.UpSampling1D(3), L.Cropping1D((12, 18)), L.Conv1D(2, 1, activation='sigmoid'))


@keras.saving.register_keras_serializable('zoo')
class Subclassed(keras.Model):
  """A model written as a class, with a dictionary in and out."""
  def __init__(self, **options):
    super().__init__(**options)
    self.image, self.numbers = keras.Sequential([L.Conv2D(4, 3, activation='relu'), L.GlobalAveragePooling2D()]), L.Dense(6, activation='relu')
    self.kind, self.size = L.Dense(3, activation='softmax'), L.Dense(1)

  def call(self, inputs):
    x = K.concatenate([self.image(inputs['image']), self.numbers(inputs['numbers'])], -1)
    return {'kind': self.kind(x), 'size': self.size(x), 'features': x}


@model()
def subclassed():
  network = Subclassed()
  given = {'image': keras.Input((12, 12, 3), name='image'), 'numbers': keras.Input((4,), name='numbers')}
  network({n: np.zeros((1,) + tuple(i.shape[1:]), 'float32') for n, i in given.items()})
  return lambda path: network.export(path, verbose=False)


@model()
def adaptive_normalization():
  """A generator of pictures whose style scales what was divided by its deviation."""
  z = keras.Input((8,), name='z')
  style = L.LeakyReLU(0.2)(L.Dense(8)(z / K.sqrt(K.mean(z * z, -1, keepdims=True) + 1e-8)))
  x = L.Reshape((4, 4, 8))(L.Dense(128)(style))
  for _ in range(2):
    mean, deviation = K.mean(x, (1, 2), keepdims=True), K.std(x, (1, 2), keepdims=True) + 1e-7
    scale, offset = (L.Reshape((1, 1, 8))(L.Dense(8)(style)) for _ in range(2))
    x = L.UpSampling2D(2, interpolation='bilinear')(scale * (x - mean) / deviation + offset)
    x = L.LeakyReLU(0.2)(L.Conv2D(8, 3, padding='same')(x))
  return keras.Model(z, L.Conv2D(3, 1)(x))


@model()
def sensors_over_time():
  """A graph's convolution, then an LSTM over the steps of each sensor, whose rows are several times the batch."""
  near = np.random.RandomState(1).rand(5, 5).astype('float32')
  x = inputs = keras.Input((6, 5, 1), name='speeds')
  x = K.relu(L.Dense(4, use_bias=False)(K.einsum('nm,btmf->btnf', near / near.sum(1, keepdims=True), x)))
  x = L.LSTM(8)(K.reshape(K.transpose(x, (0, 2, 1, 3)), (-1, 6, 4)))
  return keras.Model(inputs, K.transpose(K.reshape(L.Dense(3)(x), (-1, 5, 3)), (0, 2, 1)))


@model()
def mobilevit_block():
  """Attention over a picture's patches and the pixels of each: a softmax over two dimensions, which Keras makes of a logsumexp."""
  x = inputs = keras.Input((16, 16, 3), name='image')
  x = L.Conv2D(16, 3, strides=2, padding='same', activation='swish')(x)
  y = L.Reshape((4, 16, 16))(x)
  z = L.LayerNormalization()(y)
  y = L.Add()([y, L.MultiHeadAttention(2, 8)(z, z)])
  y = L.Add()([y, L.Dense(16)(L.Dense(32, activation='swish')(L.LayerNormalization()(y)))])
  x = L.Conv2D(16, 3, padding='same', activation='swish')(L.Concatenate()([x, L.Reshape((8, 8, 16))(y)]))
  return keras.Model(inputs, L.Dense(5)(L.GlobalAveragePooling2D()(x)))


class ShiftedWindows(L.Layer):
  """Attention inside windows of 4 x 4 of a picture of 8 x 8 x 16, shifted by half of one if `shift`, as Swin's."""

  def __init__(self, shift):
    super().__init__()
    self.shift = shift

  def build(self, shape):
    self.qkv, self.project = L.Dense(48), L.Dense(16)
    self.bias = self.add_weight(shape=(1, 2, 16, 16), initializer='random_normal', name='bias')

  def call(self, x):
    if self.shift:
      x = K.roll(x, shift=[-2, -2], axis=[1, 2])
    windows = K.reshape(K.transpose(K.reshape(x, (-1, 2, 4, 2, 4, 16)), (0, 1, 3, 2, 4, 5)), (-1, 16, 16))
    q, k, v = K.unstack(K.transpose(K.reshape(self.qkv(windows), (-1, 16, 3, 2, 8)), (2, 0, 3, 1, 4)), 3)
    y = K.matmul(K.softmax(K.matmul(q, K.transpose(k, (0, 1, 3, 2))) * 8**-0.5 + self.bias), v)
    y = self.project(K.reshape(K.transpose(y, (0, 2, 1, 3)), (-1, 16, 16)))
    y = K.reshape(K.transpose(K.reshape(y, (-1, 2, 2, 4, 4, 16)), (0, 1, 3, 2, 4, 5)), (-1, 8, 8, 16))
    return K.roll(y, shift=[2, 2], axis=[1, 2]) if self.shift else y


@model()
def swin():
  inputs = keras.Input((16, 16, 3), name='image')
  x = L.Conv2D(16, 2, 2)(inputs)
  for shift in (False, True):
    x = L.Add()([x, ShiftedWindows(shift)(L.LayerNormalization()(x))])
    x = L.Add()([x, L.Dense(16)(L.Dense(32, activation='gelu')(L.LayerNormalization()(x)))])
  return keras.Model(inputs, L.Dense(6)(L.GlobalAveragePooling2D()(x)))


@model()
def pixel_classes():
  """keras.ops.argmax looks at the sign of zeros."""
  x = inputs = keras.Input((16, 16, 3), name='image')
  x = L.Conv2D(8, 3, padding='same', activation='relu')(x)
  scores = L.Conv2D(4, 1)(x)
  return keras.Model(inputs, {'classes': K.argmax(scores, axis=-1), 'scores': scores})

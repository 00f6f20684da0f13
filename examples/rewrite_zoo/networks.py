# SPDX-License-Identifier: Apache-2.0
"""Networks of Keras 3 as people build them, one kind of architecture each."""
import keras
import numpy as np
import tensorflow as tf

from recipes import conv, model, net

L = keras.layers
K = keras.ops


def attention_block(x, heads=2, size=16, **options):
  y = L.LayerNormalization()(x)
  x = L.Add()([x, L.MultiHeadAttention(heads, size)(y, y, **options)])
  y = L.LayerNormalization()(x)
  y = L.Dense(x.shape[-1])(L.Dense(2 * x.shape[-1], activation='gelu')(y))
  return L.Add()([x, y])


# --- Pictures ---------------------------------------------------------------------------------------------------------


@model()
def cnn():
  x = inputs = keras.Input((28, 28, 1), name='image')
  for filters in (8, 16):
    x = L.MaxPooling2D()(conv(x, filters))
  return keras.Model(inputs, L.Dense(10, activation='softmax')(L.Dropout(0.3)(L.Flatten()(x))))


def unet_of(inputs):
  skips, x = [], inputs
  for filters in (8, 16):
    x = conv(x, filters)
    skips.append(x)
    x = L.MaxPooling2D()(x)
  x = conv(x, 32)
  for filters, skip in zip((16, 8), reversed(skips)):
    x = L.Conv2DTranspose(filters, 2, strides=2, padding='same')(x)
    x = conv(L.Concatenate()([x, skip]), filters)
  return keras.Model(inputs, L.Conv2D(3, 1, activation='softmax')(x))


@model()
def unet():
  return unet_of(keras.Input((32, 32, 3), name='image'))


@model(sides=(16, 32))
def unet_any_size():
  return unet_of(keras.Input((None, None, 3), name='image'))


@model()
def deeplab():
  x = inputs = keras.Input((48, 48, 3), name='image')
  x = conv(conv(x, 16, strides=2), 24, strides=2)
  branches = [conv(x, 8, 1)] + [conv(x, 8, dilation_rate=r) for r in (2, 4)]
  pooled = L.UpSampling2D(12, interpolation='bilinear')(conv(L.GlobalAveragePooling2D(keepdims=True)(x), 8, 1))
  x = conv(L.Concatenate()(branches + [pooled]), 16, 1)
  x = L.Conv2D(5, 1)(x)
  return keras.Model(inputs, L.Softmax()(L.UpSampling2D(4, interpolation='bilinear')(x)))


@model()
def autoencoder():
  x = inputs = keras.Input((28, 28, 1), name='image')
  x = L.Conv2D(8, 3, strides=2, padding='same', activation='relu')(x)
  x = L.Conv2D(16, 3, strides=2, padding='same', activation='relu')(x)
  x = L.Dense(8)(L.Flatten()(x))
  x = L.Reshape((7, 7, 16))(L.Dense(7 * 7 * 16, activation='relu')(x))
  x = L.Conv2DTranspose(8, 3, strides=2, padding='same', activation='relu')(x)
  return keras.Model(inputs, L.Conv2DTranspose(1, 3, strides=2, padding='same', activation='sigmoid')(x))


@model()
def super_resolution():
  x = inputs = keras.Input((16, 16, 3), name='image')
  x = L.Conv2D(16, 3, padding='same', activation='relu')(x)
  x = L.Lambda(lambda v: tf.nn.depth_to_space(v, 2))(L.Conv2D(12, 3, padding='same')(x))
  return keras.Model(inputs, x)


@model(sides=(12, 20))
def classifier_any_size():
  return net((None, None, 3), L.Conv2D(8, 3, activation='relu'), L.Conv2D(16, 3, strides=2, activation='relu'),
             L.GlobalAveragePooling2D(), L.Dense(5, activation='softmax'))


@model()
def separable():
  return net((24, 24, 3), L.SeparableConv2D(16, 3, padding='same', activation='relu'),
             L.DepthwiseConv2D(3, depth_multiplier=2, strides=2), L.ReLU(6.0), L.Conv2D(8, 3, dilation_rate=2, padding='same'),
             L.Conv2D(8, 3, groups=2), L.GlobalMaxPooling2D(), L.Dense(5))


@model()
def squeeze_and_excite():
  x = inputs = keras.Input((24, 24, 3), name='x')
  x = L.Conv2D(16, 3, strides=2, padding='same', activation='hard_silu')(x)
  s = L.Dense(16, activation='hard_sigmoid')(L.Dense(4, activation='relu')(L.GlobalAveragePooling2D(keepdims=True)(x)))
  x = L.Conv2D(8, 1, activation='swish')(L.Multiply()([x, s]))
  return keras.Model(inputs, L.Dense(3)(L.Flatten()(x)))


@model()
def landmarks_prelu():
  x = inputs = keras.Input((32, 32, 1), name='face')
  for filters in (8, 16):
    x = L.PReLU(alpha_initializer=keras.initializers.Constant(0.2), shared_axes=[1, 2])(L.Conv2D(filters, 3, strides=2)(x))
  x = L.Dense(32, activation='leaky_relu')(L.Flatten()(x))
  return keras.Model(inputs, L.Reshape((5, 2))(L.Dense(10)(x)))


@model()
def pose_heatmaps():
  x = inputs = keras.Input((32, 32, 3), name='image')
  x = conv(conv(x, 8, strides=2), 16, strides=2)
  maps = L.Conv2D(4, 1, name='maps')(L.UpSampling2D()(x))
  flat = L.Reshape((256, 4))(maps)
  where = L.Lambda(lambda v: tf.argmax(v, 1, output_type=tf.int32), name='where')(flat)
  return keras.Model(inputs, {'maps': maps, 'best': where, 'confidence': L.Lambda(lambda v: tf.reduce_max(v, 1))(flat)})


@model()
def group_norm():
  return net((16, 16, 8), L.Conv2D(16, 3, padding='same'), L.GroupNormalization(4), L.Activation('silu'), L.Conv2D(8, 3),
             L.LayerNormalization(), L.GlobalAveragePooling2D(), L.UnitNormalization())


@model()
def video_conv3d():
  return net((8, 16, 16, 2), L.Conv3D(4, 3, activation='relu'), L.MaxPooling3D(2), L.Flatten(), L.Dense(3))


@model()
def video_cnn_lstm():
  return net((4, 16, 16, 1), L.TimeDistributed(L.Conv2D(4, 3, strides=2, activation='relu')), L.TimeDistributed(L.Flatten()),
             L.Dense(16), L.LSTM(8, unroll=True), L.Dense(3, activation='softmax'))


@model(batch=1)
def conv_lstm():
  return net((4, 12, 12, 1), L.ConvLSTM2D(4, 3, padding='same'), L.GlobalAveragePooling2D(), L.Dense(3))


@model()
def bytes_in():
  return net((16, 16, 3), L.Rescaling(1 / 127.5, offset=-1), L.Conv2D(8, 3, activation='relu'), L.GlobalAveragePooling2D(),
             L.Dense(4, activation='softmax'), dtype='uint8', name='image')


@model()
def mlp_mixer():
  x = inputs = keras.Input((32, 32, 3), name='image')
  x = L.Reshape((16, 24))(L.Conv2D(24, 8, strides=8)(x))
  for _ in range(2):
    y = L.Permute((2, 1))(L.LayerNormalization()(x))
    x = L.Add()([x, L.Permute((2, 1))(L.Dense(16)(L.Dense(32, activation='gelu')(y)))])
    x = L.Add()([x, L.Dense(24)(L.Dense(48, activation='gelu')(L.LayerNormalization()(x)))])
  return keras.Model(inputs, L.Dense(5)(L.GlobalAveragePooling1D()(x)))


class ClassToken(L.Layer):
  def build(self, shape):
    self.token = self.add_weight(shape=(1, 1, shape[-1]), initializer='random_normal', name='token')

  def call(self, x):
    return tf.concat([tf.tile(self.token, [tf.shape(x)[0], 1, 1]), x], 1)


class Positions(L.Layer):
  def build(self, shape):
    self.table = self.add_weight(shape=(1,) + tuple(shape[1:]), initializer='random_normal', name='table')

  def call(self, x):
    return x + self.table


@model()
def vision_transformer():
  x = inputs = keras.Input((32, 32, 3), name='image')
  x = L.Reshape((16, 32))(L.Conv2D(32, 8, strides=8)(x))
  x = attention_block(attention_block(Positions()(ClassToken()(x))))
  return keras.Model(inputs, L.Dense(5, activation='softmax')(L.LayerNormalization()(x)[:, 0]))


# --- Detection --------------------------------------------------------------------------------------------------------


def detector(image):
  """Boxes [n, 16, 4] and scores [n, 16, 3]."""
  rng = np.random.RandomState(2)
  w = lambda *shape: tf.constant((rng.randn(*shape) * 0.4).astype('float32'))
  x = tf.nn.relu(tf.nn.conv2d(image, w(3, 3, 3, 8), 4, 'SAME'))
  x = tf.nn.relu(tf.nn.conv2d(x, w(3, 3, 8, 16), 2, 'SAME'))
  n = tf.shape(x)[0]
  corner = tf.sigmoid(tf.reshape(tf.nn.conv2d(x, w(1, 1, 16, 2), 1, 'SAME'), [n, 16, 2]))
  size = 0.1 + 0.4 * tf.sigmoid(tf.reshape(tf.nn.conv2d(x, w(1, 1, 16, 2), 1, 'SAME'), [n, 16, 2]))
  scores = tf.sigmoid(tf.reshape(tf.nn.conv2d(x, w(1, 1, 16, 3), 1, 'SAME'), [n, 16, 3]))
  return tf.concat([corner, corner + size], -1), scores


@model()
def detector_heads():
  """Boxes and scores, without suppression."""
  module = tf.Module()
  module.call = tf.function(lambda image: dict(zip(('boxes', 'scores'), detector(image))),
                            input_signature=[tf.TensorSpec([None, 32, 32, 3], name='image')])
  return module, {'serving_default': module.call}


@model()
def detector_nms():
  """One picture, as phones use it; how many boxes come out depends on the picture."""
  def detect(image):
    boxes, scores = detector(image)
    best = tf.reduce_max(scores[0], -1)
    picked = tf.image.non_max_suppression(boxes[0], best, 5, iou_threshold=0.4, score_threshold=0.5)
    return {'boxes': tf.gather(boxes[0], picked), 'scores': tf.gather(best, picked)}
  module = tf.Module()
  module.call = tf.function(detect, input_signature=[tf.TensorSpec([1, 32, 32, 3], name='image')])
  return module, {'serving_default': module.call}


@model()
def detector_nms_padded():
  def detect(image):
    boxes, scores = detector(image)
    picked, valid = tf.image.non_max_suppression_padded(boxes[0], tf.reduce_max(scores[0], -1), 5, iou_threshold=0.4, pad_to_max_output_size=True)
    return {'boxes': tf.gather(boxes[0], picked), 'valid': valid}
  module = tf.Module()
  module.call = tf.function(detect, input_signature=[tf.TensorSpec([1, 32, 32, 3], name='image')])
  return module, {'serving_default': module.call}


@model()
def detector_combined_nms():
  def detect(image):
    boxes, scores = detector(image)
    found = tf.image.combined_non_max_suppression(boxes[:, :, None], scores, 3, 5)
    return {'boxes': found[0], 'scores': found[1], 'classes': found[2], 'valid': found[3]}
  module = tf.Module()
  module.call = tf.function(detect, input_signature=[tf.TensorSpec([None, 32, 32, 3], name='image')])
  return module, {'serving_default': module.call}


# --- Sequences and sound ----------------------------------------------------------------------------------------------


@model()
def lstm():
  return net((12, 8), L.LSTM(16), L.Dense(4, activation='softmax'))


@model(batch=1)
def lstm_batch_1():
  return net((12, 8), L.LSTM(16), L.Dense(4, activation='softmax'))


@model()
def gru():
  return net((12, 8), L.GRU(16), L.Dense(4, activation='softmax'))


@model(batch=1)
def gru_batch_1():
  return net((12, 8), L.GRU(16), L.Dense(4, activation='softmax'))


@model()
def bidirectional_lstm():
  return net((10, 6), L.Bidirectional(L.LSTM(8, return_sequences=True)), L.Bidirectional(L.LSTM(8)), L.Dense(3))


@model(batch=1)
def bidirectional_lstm_batch_1():
  return net((10, 6), L.Bidirectional(L.LSTM(8, return_sequences=True)), L.Bidirectional(L.LSTM(8)), L.Dense(3))


@model(batch=1)
def stacked_lstm_batch_1():
  return net((8, 5), L.LSTM(8, return_sequences=True), L.LSTM(8, return_sequences=True), L.Dense(3))


@model()
def stacked_gru():
  return net((8, 5), L.GRU(8, return_sequences=True), L.GRU(8), L.Dense(3))


@model(batch=1)
def bidirectional_gru_batch_1():
  return net((8, 5), L.Bidirectional(L.GRU(8)), L.Dense(3))


@model()
def lstm_unrolled():
  return net((6, 5), L.LSTM(8, unroll=True), L.Dense(3))


@model(batch=1)
def simple_rnn_batch_1():
  return net((6, 5), L.SimpleRNN(8), L.Dense(3))


@model()
def audio_cnn():
  return net((160, 1), L.Conv1D(8, 9, strides=4, use_bias=False), L.BatchNormalization(), L.ReLU(), L.MaxPooling1D(2),
             L.Conv1D(16, 3, dilation_rate=2, padding='causal', activation='relu'), L.GlobalAveragePooling1D(),
             L.Dense(4, activation='softmax'))


@model()
def wavenet():
  x = inputs = keras.Input((64, 1), name='wave')
  x, skips = L.Conv1D(8, 2, padding='causal')(x), []
  for rate in (1, 2, 4):
    y = L.Multiply()([L.Conv1D(8, 2, padding='causal', dilation_rate=rate, activation=a)(x) for a in ('tanh', 'sigmoid')])
    y = L.Conv1D(8, 1)(y)
    skips.append(y)
    x = L.Add()([x, y])
  return keras.Model(inputs, L.Conv1D(16, 1, activation='softmax')(L.Activation('relu')(L.Add()(skips))))


@model(sides=(40, 64))
def audio_any_length():
  return net((None, 1), L.Conv1D(8, 5, strides=2, activation='relu'), L.Conv1D(8, 3, activation='relu'),
             L.GlobalAveragePooling1D(), L.Dense(3))


@model()
def audio_transpose():
  """Conv1DTranspose, as vocoders have it."""
  return net((16, 8), L.Conv1D(8, 3, padding='same', activation='relu'), L.Conv1DTranspose(4, 4, strides=2, padding='same'),
             L.LeakyReLU(), L.Conv1D(1, 3, padding='same', activation='tanh'))


@model()
def keyword_spotting():
  """A depthwise separable CNN over frames of a spectrogram."""
  x = inputs = keras.Input((49, 10, 1), name='frames')
  x = L.ReLU()(L.BatchNormalization()(L.Conv2D(16, (10, 4), strides=(2, 2), padding='same', use_bias=False)(x)))
  for _ in range(2):
    x = L.ReLU()(L.BatchNormalization()(L.DepthwiseConv2D(3, padding='same', use_bias=False)(x)))
    x = conv(x, 16, 1)
  return keras.Model(inputs, L.Dense(12, activation='softmax')(L.GlobalAveragePooling2D()(x)))


@model(batch=1)
def spectrogram_cnn():
  """The spectrogram is in the model."""
  def frames(wave):
    stft = tf.abs(tf.signal.stft(wave, frame_length=64, frame_step=32, fft_length=64))
    return tf.math.log(stft @ tf.signal.linear_to_mel_weight_matrix(10, 33, 16000) + 1e-3)
  x = inputs = keras.Input((512,), name='wave')
  x = L.Reshape((15, 10, 1))(L.Lambda(frames, output_shape=(15, 10))(x))
  return keras.Model(inputs, L.Dense(3)(L.Flatten()(L.Conv2D(4, 3, activation='relu')(x))))


# --- Text and tables --------------------------------------------------------------------------------------------------


def padded_ids(high):
  def make(rng, shape):
    ids = rng.randint(1, high, shape)
    return np.where(np.arange(shape[1]) < rng.randint(2, shape[1] + 1, (shape[0], 1)), ids, 0)
  return make


@model(fed={'ids': padded_ids(50)})
def transformer_masked():
  """The padding's mask comes from the embedding, as Keras makes it."""
  ids = keras.Input((12,), dtype='int32', name='ids')
  x = L.Embedding(50, 32, mask_zero=True)(ids)
  x = L.LayerNormalization()(L.Add()([x, L.MultiHeadAttention(2, 16)(x, x)]))
  x = L.LayerNormalization()(L.Add()([x, L.Dense(32)(L.Dense(64, activation='gelu')(x))]))
  return keras.Model(ids, L.Dense(3, activation='softmax')(L.GlobalAveragePooling1D()(x)))


@model(high=50)
def bert():
  """Three inputs; the mask is one of them."""
  ids, kind, mask = (keras.Input((12,), dtype='int32', name=n) for n in ('input_ids', 'token_type_ids', 'attention_mask'))
  x = L.Add()([L.Embedding(50, 32)(ids), L.Embedding(50, 32)(kind)])
  allowed = L.Lambda(lambda m: m[:, None, :] > 0, output_shape=(1, 12))(mask)
  x = attention_block(x, attention_mask=allowed)
  pooled = L.Dense(32, activation='tanh')(x[:, 0])
  return keras.Model([ids, kind, mask], {'pooled': pooled, 'sequence': L.LayerNormalization()(x)})


@model(high=50)
def gpt_block():
  ids = keras.Input((12,), dtype='int32', name='ids')
  x = L.Embedding(50, 32)(ids) + L.Embedding(12, 32)(K.arange(12))
  return keras.Model(ids, L.Dense(50)(attention_block(x, use_causal_mask=True)))


@model()
def transformer():
  x = inputs = keras.Input((16, 32), name='tokens')
  x = attention_block(attention_block(x))
  return keras.Model(inputs, L.Dense(4, activation='softmax')(L.GlobalAveragePooling1D()(x)))


@model(high=1000)
def text_embedding():
  return net((20,), L.Embedding(1000, 16), L.GlobalAveragePooling1D(), L.Dense(16, activation='relu'),
             L.Dense(1, activation='sigmoid'), dtype='int32', name='ids')


@model(high=200, sides=(12, 20))
def text_cnn_any_length():
  x = inputs = keras.Input((None,), dtype='int32', name='ids')
  x = L.Embedding(200, 16)(x)
  pooled = [L.GlobalMaxPooling1D()(L.Conv1D(8, n, activation='relu')(x)) for n in (2, 3)]
  return keras.Model(inputs, L.Dense(3, activation='softmax')(L.Concatenate()(pooled)))


@model(high=100)
def two_towers():
  user, item = keras.Input((4,), dtype='int32', name='user'), keras.Input((6,), name='item')
  a = L.Dense(16)(L.Flatten()(L.Embedding(100, 8)(user)))
  b = L.Dense(16)(L.Dense(32, activation='relu')(item))
  return keras.Model({'user': user, 'item': item}, L.Dot(1, normalize=True)([a, b]))


@model(high=40)
def wide_and_deep():
  """StringLookup is outside of the model: it gets numbers."""
  age, price = keras.Input((1,), name='age'), keras.Input((1,), name='price')
  city, shop = keras.Input((1,), dtype='int32', name='city'), keras.Input((1,), dtype='int32', name='shop')
  deep = L.Concatenate()([age, price, L.Flatten()(L.Embedding(40, 4)(city)), L.Flatten()(L.Embedding(40, 4)(shop))])
  deep = L.Dense(16, activation='relu')(L.BatchNormalization()(deep))
  wide = L.CategoryEncoding(num_tokens=40, output_mode='multi_hot')(city)
  return keras.Model([age, price, city, shop], L.Dense(1, activation='sigmoid')(L.Concatenate()([deep, wide])))


@model(high=30)
def dlrm():
  dense, ids = keras.Input((5,), name='dense'), keras.Input((3,), dtype='int32', name='ids')
  bottom = L.Reshape((1, 8))(L.Dense(8, activation='relu')(dense))
  all_ = L.Concatenate(axis=1)([bottom, L.Embedding(30, 8)(ids)])
  pairs = L.Flatten()(L.Dot(axes=2)([all_, all_]))
  return keras.Model([dense, ids], L.Dense(1, activation='sigmoid')(L.Concatenate()([L.Flatten()(bottom), pairs])))


@model()
def tabular_normalization():
  adapted = L.Normalization(mean=[3.0, 10, 0, -2], variance=[4.0, 9, 1, 25])
  return net((4,), adapted, L.Dense(16, activation='elu'), L.BatchNormalization(), L.Dense(16, activation='selu'), L.Dense(1))


@model()
def two_in_two_out():
  a, b = keras.Input((8,), name='left'), keras.Input((4,), name='right')
  x = L.Dense(16, activation='relu')(L.Concatenate()([a, b]))
  return keras.Model([a, b], {'score': L.Dense(1, name='s')(x), 'classes': L.Dense(3, activation='softmax', name='c')(x)})


@model()
def siamese():
  tower = keras.Sequential([keras.Input((16, 16, 1)), L.Conv2D(4, 3, activation='relu'), L.Flatten(), L.Dense(8)])
  a, b = keras.Input((16, 16, 1), name='first'), keras.Input((16, 16, 1), name='second')
  return keras.Model([a, b], L.Lambda(lambda t: tf.norm(t[0] - t[1], axis=-1, keepdims=True))([tower(a), tower(b)]))


@model()
def activations():
  x = inputs = keras.Input((16,), name='x')
  outs = [L.Activation(a)(L.Dense(8)(x)) for a in ('relu', 'relu6', 'elu', 'selu', 'softplus', 'softsign', 'tanh', 'sigmoid',
                                                  'swish', 'gelu', 'exponential', 'hard_sigmoid', 'leaky_relu', 'mish')]
  return keras.Model(inputs, L.Concatenate()(outs))


@model()
def graph_convolution():
  nodes, edges = keras.Input((6, 8), name='nodes'), keras.Input((6, 6), name='edges')
  x = L.Dense(16, activation='relu')(L.Dot(axes=(2, 1))([edges, nodes]))
  x = L.Dense(8)(L.Dot(axes=(2, 1))([edges, x]))
  return keras.Model([nodes, edges], L.GlobalAveragePooling1D()(x))


@model()
def saved_by_tensorflow():
  """Written by tf.saved_model.save: what is restored are copies of the variables that the signature reads."""
  x = inputs = keras.Input((8, 8, 3), name='image')
  x = L.GlobalAveragePooling2D()(L.BatchNormalization()(L.Conv2D(8, 3, activation='relu')(x)))
  x = L.Dense(8, activation='relu')(x)
  network = keras.Model(inputs, {'kind': L.Dense(4, activation='softmax')(x), 'size': L.Dense(1)(x)})
  rng = np.random.RandomState(4)
  network.set_weights([rng.uniform(0.2 if 'variance' in w.path else -1, 1, w.shape) for w in network.weights])
  return network, None


@model()
def words_embedded():
  """The lookup is in the model, one word an example."""
  word = keras.Input((1,), dtype='string', name='word')
  ids = L.StringLookup(vocabulary=['a', 'b', 'c'])(word)
  network = keras.Model(word, L.Dense(2)(L.Flatten()(L.Embedding(5, 3)(ids))))
  serve = tf.function(lambda word: {'y': network(word)}, input_signature=[tf.TensorSpec((None, 1), tf.string, 'word')])
  return network, {'serving_default': serve}

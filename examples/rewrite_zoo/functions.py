# SPDX-License-Identifier: Apache-2.0
"""Plain tf.functions and tf.Modules: what Keras does not do, shapes that are computed, one thing each."""
import os
import tempfile

import numpy as np
import tensorflow as tf

from recipes import function, model, spec, weights


# --- Shapes that are computed -------------------------------------------------------------------------------------------


@function(spec([None, 64]))
def reshape_output(x):
  """The output is made by the RESHAPE itself."""
  return {'y': tf.reshape(x, [tf.shape(x)[0], 8, 8])}


@function(spec([None, 64]))
def reshape_dense(x):
  h = tf.reshape(tf.nn.relu(x @ weights(64, 8)), [tf.shape(x)[0], 2, 4])
  return {'y': tf.nn.softmax(tf.matmul(h, weights(4, 3)))}


@function(spec([None, 64]))
def reshape_two_unknown(x):
  return {'y': tf.reshape(x, tf.stack([tf.shape(x)[0], 8, -1])) + 1.0}


@function(spec([None, 64]))
def reshape_beside_static(x):
  return {'a': tf.nn.relu(x @ weights(64, 8)), 'y': tf.reshape(x, [tf.shape(x)[0], 8, 8]) * 2.0}


@function(spec([None, 8, 8]))
def merge_batch_and_time(x):
  """Rows are batch times time; the first side of the output is not the batch."""
  flat = tf.reshape(x, [-1, 8]) @ weights(8, 4)
  return {'rows': flat, 'y': tf.reshape(flat, [tf.shape(x)[0], 8, 4])}


@function(spec([None, 64]))
def tile_computed(x):
  token = tf.tile(tf.constant(weights(1, 1, 8)), [tf.shape(x)[0], 1, 1])
  return {'y': tf.concat([token, tf.reshape(x, [-1, 8, 8])], 1) * 2.0}


@function(spec([None, 64]))
def fill_computed(x):
  return {'y': tf.concat([tf.fill([tf.shape(x)[0], 4], 2.0), x], 1) @ weights(68, 3)}


@function(spec([None, 64]))
def broadcast_computed(x):
  return {'y': tf.broadcast_to(tf.reduce_sum(x, -1, keepdims=True), [tf.shape(x)[0], 8])}


@function(spec([None, 64]))
def range_computed(x):
  return {'y': x + tf.cast(tf.range(tf.shape(x)[0]), tf.float32)[:, None], 'n': tf.shape(x)[0]}


@function(spec([None, 8]))
def where_nonzero(x):
  return {'y': tf.where(x > 0.0)}


@function(spec([None, 8]))
def boolean_mask(x):
  return {'kept': tf.boolean_mask(x, tf.reduce_sum(x, -1) > 0.0), 'z': x @ weights(8, 3)}


@function(spec([None, 8], tf.int32, 'ids'))
def unique_values(ids):
  values, places = tf.unique(tf.reshape(ids, [-1]))
  return {'values': values, 'places': places}


@function(spec([None, 64]))
def reshaped_bytes(x):
  return {'y': tf.reshape(tf.cast(tf.abs(x) * 9, tf.uint8), [tf.shape(x)[0], 8, 8])}


@function(spec([None, 64]))
def strings_beside_computed(x):
  return {'word': tf.gather(tf.constant(['a', 'bb', 'ccc']), tf.argmax(x[:, :3], 1)), 's': tf.reshape(x, [tf.shape(x)[0], 8, 8]) * 2.0}


@function(spec([None, None, 8]), sides=(5, 9))
def open_time(x):
  """Time is open, too."""
  h = tf.reshape(tf.reshape(x, [-1, 8]) @ weights(8, 4), [tf.shape(x)[0], tf.shape(x)[1], 4])
  return {'y': tf.nn.softmax(h), 'mean': tf.reduce_mean(h, 1)}


@function(spec([4, 8]), rows=True)
def fixed_batch_of_4(x):
  return {'y': tf.nn.softmax(x @ weights(8, 3))}


@function(spec([None, 8], tf.float32, 'query'), spec([None, 20, 8], tf.float32, 'keys'))
def top_k_gather(query, keys):
  scores = tf.einsum('bd,bkd->bk', query, keys)
  values, where = tf.math.top_k(scores, 3)
  return {'values': values, 'picked': tf.gather(keys, where, batch_dims=1)}


# --- Operators ----------------------------------------------------------------------------------------------------------


@function(spec([None, None], tf.int32, 'ids'))
def masked_open(ids):
  """Sentences of any length; the mask's new axis stands between two open sizes."""
  words = tf.gather(weights(12, 8), ids)
  mask = tf.cast(ids > 2, tf.float32)
  scores = tf.matmul(words, words, transpose_b=True) - 1e4 * (1 - mask)[:, tf.newaxis, :]
  return {'y': tf.matmul(tf.nn.softmax(scores), words) @ weights(8, 4, seed=2)}


@function(spec([None, 8, 16]))
def einsum_attention(x):
  q, k, v = (tf.einsum('bld,dhk->blhk', x, weights(16, 2, 8, seed=s)) for s in (1, 2, 3))
  a = tf.nn.softmax(tf.einsum('blhk,bmhk->bhlm', q, k) / np.sqrt(8).astype('float32'))
  return {'y': tf.einsum('bhlm,bmhk->blhk', a, v)}


@function(spec([None, 4]), spec([None, 3], name='unused'))
def unused_input(x, unused):
  return {'y': tf.nn.relu(x @ weights(4, 3))}


@function(spec([None, 4]))
def output_is_input(x):
  return {'same': x, 'y': x @ weights(4, 3)}


@function(spec([None, 4]))
def two_names_for_one(x):
  y = x @ weights(4, 3)
  return {'first': y, 'second': y}


@function(spec([]), spec([None, 4], name='values'))
def scalar_input(x, values):
  return {'y': values * x, 'twice': x * 2}


@function(spec([None, 5], tf.int64, 'ids'), spec([None, 1], tf.int32, 'offset'))
def integers(ids, offset):
  return {'sum': tf.reduce_sum(ids, -1), 'shifted': tf.cast(ids, tf.int32) * 3 - offset}


@function(spec([None, 4]))
def constant_output(x):
  return {'y': x + 1, 'version': tf.constant([1.0, 2.0])}


@function(spec([None, 8]))
def half_weights(x):
  return {'y': x @ tf.cast(tf.constant(weights(8, 4).astype('float16')), tf.float32)}


@function(spec([None, 4], name='input-1.x'))
def odd_names(x):
  return {'out/put:0': x * 2, 'größe': tf.nn.softmax(x), 'with space': x @ weights(4, 2)}


@function(spec([None, 0], name='empty'), spec([None, 3]),
          known={'does not take a buffer of shape': 'LiteRT takes no input without values'})
def empty_dimension(empty, x):
  return {'y': tf.concat([empty, x], -1) * 2}


@function(spec([None, 2000]))
def large_constant(x):
  return {'y': x @ weights(2000, 3000, scale=0.02)}


@function(spec([None, 6]), random=True)
def training_dropout(x):
  return {'y': tf.nn.dropout(x @ weights(6, 4), 0.5, seed=1)}


@function(spec([None, 16, 16, 3]))
def image_ops(x):
  y = tf.image.resize(x, [8, 8])
  z = tf.image.resize(x, [32, 32], method='nearest')
  g = tf.image.rgb_to_grayscale(x)
  return {'small': y, 'large': z, 'grey': g, 'flip': tf.image.flip_left_right(x), 'crop': tf.image.central_crop(x, 0.5),
          'standard': tf.image.per_image_standardization(x)}


@function(spec([None, 16, 16, 3]))
def image_ops_select(x):
  return {'hue': tf.image.adjust_hue(x, 0.1), 'crops': tf.image.crop_and_resize(x, [[0., 0., .5, .5]], [0], [4, 4])}


@function(spec([1, 256], name='audio'))
def spectrogram(audio):
  stft = tf.signal.stft(audio, frame_length=64, frame_step=32)
  mel = tf.signal.linear_to_mel_weight_matrix(10, 33, 16000)
  return {'mel': tf.math.log(tf.abs(stft) @ mel + 1e-3)}


@function(spec([None, 64], name='audio'))
def rfft(audio):
  return {'magnitude': tf.abs(tf.signal.rfft(audio))}


@function(spec([20, 4], name='boxes'), spec([20], name='scores'))
def nms(boxes, scores):
  picked = tf.image.non_max_suppression(boxes, scores, 5, 0.5)
  return {'boxes': tf.gather(boxes, picked), 'indices': picked}


@function(spec([1, 20, 1, 4], name='boxes'), spec([1, 20, 3], name='scores'))
def combined_nms(boxes, scores):
  r = tf.image.combined_non_max_suppression(boxes, scores, 5, 5)
  return {'boxes': r[0], 'scores': r[1], 'classes': r[2]}


@function(spec([None, 7], tf.int32, 'ids'))
def large_embedding(ids):
  return {'y': tf.reduce_mean(tf.gather(tf.constant(weights(100000, 32)), ids), 1)}


@function(spec([None, 4]))
def while_loop(x):
  _, y = tf.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, tf.tanh(y @ weights(4, 4))), [tf.constant(0), x])
  return {'y': y}


@function(spec([2, 4]))
def condition(x):
  return {'y': tf.cond(tf.reduce_sum(x) > 0, lambda: x @ weights(4, 4), lambda: tf.nn.relu(x @ weights(4, 4, seed=2)))}


@function(spec([None, 12]))
def mathematics(x):
  p = tf.abs(x) + 0.1
  return {'y': tf.concat([tf.sqrt(p), tf.math.rsqrt(p), tf.math.log(p), tf.sin(x), tf.cos(x), tf.floor(x), tf.round(x),
                          tf.sign(x), tf.pow(p, 1.5), tf.square(x), tf.exp(-p), 1 / p, tf.math.floormod(x, 0.7),
                          tf.maximum(x, 0.1), tf.minimum(x, 0.2), tf.math.ceil(x), tf.math.erf(x), tf.math.log1p(p),
                          tf.math.expm1(x), tf.math.squared_difference(x, p)], -1)}


@function(spec([None, 6, 4]))
def reductions(x):
  return {'max': tf.reduce_max(x, 1), 'min': tf.reduce_min(x, -1), 'mean': tf.reduce_mean(x, [1, 2], keepdims=True),
          'prod': tf.reduce_prod(x, 1), 'any': tf.reduce_any(x > 0.9, -1), 'norm': tf.nn.l2_normalize(x, -1),
          'lse': tf.reduce_logsumexp(x, -1), 'cumsum': tf.cumsum(x, 1), 'std': tf.math.reduce_std(x, 1)}


@function(spec([None, 6]))
def choices(x):
  values, indices = tf.math.top_k(x, 3)
  return {'argmax': tf.argmax(x, -1), 'values': values, 'indices': indices,
          'one_hot': tf.one_hot(tf.argmax(x, -1, output_type=tf.int32), 6), 'where': tf.where(x > 0, x, -x * 0.5)}


@function(spec([None, 4, 6]))
def slices(x):
  a, b = tf.split(x, [2, 4], -1)
  u = tf.unstack(x, axis=1)
  return {'slice': x[:, 1:3, ::2], 'newaxis': x[..., tf.newaxis, 0], 'reverse': x[:, ::-1], 'stack': tf.stack(u[::-1], 1),
          'split': tf.concat([b, a], -1), 'tile': tf.tile(x, [1, 2, 1]), 'pad': tf.pad(x, [[0, 0], [1, 1], [0, 0]]),
          'mirror': tf.pad(x, [[0, 0], [1, 1], [0, 0]], 'REFLECT'), 'roll': tf.roll(x, 1, 1), 't': tf.transpose(x, [0, 2, 1])}


@function(spec([None, 8, 8, 4]))
def depth_space(x):
  return {'d': tf.nn.depth_to_space(x, 2), 's': tf.nn.space_to_depth(x, 2), 'b': tf.nn.avg_pool2d(x, 3, 2, 'SAME'),
          'lrn': tf.nn.local_response_normalization(x)}


@function(spec([None, 6]))
def distances(x):
  """Of each example to each other: what comes out depends on the batch, and of one example alone it is zero."""
  d = tf.reduce_sum(tf.math.squared_difference(x[:, None], x[None]), -1)
  return {'d': d, 'kernel': tf.exp(-d)}


@function(spec([None, 6]))
def ranks_in_the_batch(x):
  y = x @ weights(6, 4)
  return {'y': y, 'rank': tf.argsort(tf.argsort(y[:, 0])), 'share': tf.nn.softmax(y, axis=0)}


@function(spec([None, 4, 6]), spec([None, 6, 5], name='y'))
def matmul_of_two(x, y):
  return {'z': x @ y, 'zt': tf.matmul(x, y, transpose_a=False) * 2}


@function(spec([6, 3]), spec([6], tf.int32, 'segments'))
def segments(x, segments):
  return {'sum': tf.math.unsorted_segment_sum(x, segments % 4, 4), 'nd': tf.gather_nd(x, [[0, 1], [2, 2]])}


@function(spec([None, 3], tf.float64))
def doubles(x):
  return {'y': tf.cast(x, tf.float32) * 2}


@function(spec([None, 3], tf.bool, 'mask'), spec([None, 3]))
def booleans(mask, x):
  return {'y': tf.where(mask, x, 0.0), 'not': tf.logical_not(mask)}


@function(spec([None], tf.string, 'words'))
def strings(words):
  return {'same': tf.identity(words), 'n': tf.shape(words)[0]}


def examples(rng, shape):
  made = [tf.train.Example(features=tf.train.Features(feature={'x': tf.train.Feature(
      float_list=tf.train.FloatList(value=rng.uniform(-1, 1, 4)))})).SerializeToString() for _ in range(shape[0])]
  return np.array(made, object)


@function(spec([None], tf.string, 'examples'), fed={'examples': examples})
def serialized_examples(examples):
  parsed = tf.io.parse_example(examples, {'x': tf.io.FixedLenFeature([4], tf.float32)})
  return {'y': parsed['x'] @ weights(4, 3)}


@function(spec([None, 16, 16, 3]))
def fake_quant(x):
  q = lambda v, lo, hi: tf.quantization.fake_quant_with_min_max_args(v, lo, hi)
  w = tf.quantization.fake_quant_with_min_max_vars_per_channel(tf.constant(weights(3, 3, 3, 8)), [-1.5] * 8, [1.5] * 8,
                                                               narrow_range=True)
  y = q(tf.nn.relu(tf.nn.conv2d(q(x, -1., 1.), w, 1, 'SAME')), 0., 6.)
  y = q(tf.reduce_mean(y, [1, 2]), 0., 3.)
  w2 = tf.quantization.fake_quant_with_min_max_args(tf.constant(weights(8, 4)), -1.5, 1.5, narrow_range=True)
  return {'y': q(y @ w2, -4., 4.)}


@model()
def no_inputs():
  module = tf.Module()
  module.call = tf.function(lambda: {'y': tf.constant(weights(3)) * 2}, input_signature=[])
  return module, {'serving_default': module.call}


@model()
def many_signatures():
  module = tf.Module()
  module.w = tf.Variable(weights(4, 3))
  inner = tf.function(lambda x: tf.nn.relu(x @ module.w))
  module.a = tf.function(lambda x: {'y': inner(inner(x)[:, :1] * tf.ones([1, 4]))}, input_signature=[spec([None, 4])])
  module.b = tf.function(lambda x: {'p': tf.nn.softmax(inner(x))}, input_signature=[spec([None, 4])])
  return module, {'serving_default': module.a, 'probabilities': module.b}


@model(random=True)
def counter():
  """State that a call changes."""
  module = tf.Module()
  module.n = tf.Variable([0.0])

  @tf.function(input_signature=[spec([1])])
  def add(x):
    module.n.assign_add(x)
    return {'total': module.n.read_value()}
  module.add = add
  return module, {'serving_default': add}


@model()
def int_lookup():
  module = tf.Module()
  module.table = tf.lookup.StaticHashTable(
      tf.lookup.KeyValueTensorInitializer(tf.constant([1, 2, 3], tf.int64), tf.constant([10, 20, 30], tf.int64)), -1)
  module.call = tf.function(lambda ids: {'values': module.table.lookup(ids)}, input_signature=[spec([None], tf.int64, 'ids')])
  return module, {'serving_default': module.call}


@model()
def vocabulary_asset():
  path = os.path.join(tempfile.mkdtemp(), 'words.txt')
  with open(path, 'w') as f:
    f.write('a\nb\nc\n')
  module = tf.Module()
  module.table = tf.lookup.StaticHashTable(
      tf.lookup.TextFileInitializer(path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64,
                                    tf.lookup.TextFileIndex.LINE_NUMBER), -1)
  module.call = tf.function(lambda words: {'ids': module.table.lookup(words)}, input_signature=[spec([None], tf.string, 'words')])
  return module, {'serving_default': module.call}


@model()
def label_asset():
  """An asset that the signature does not read."""
  made, signatures = vocabulary_asset()
  made.plain = tf.function(lambda x: {'y': x @ weights(4, 3)}, input_signature=[spec([None, 4])])
  return made, {'serving_default': made.plain, 'words': made.call}


# --- Loops, kinds of inputs and outputs, sampling ------------------------------------------------------------------------


@function(spec([None, 6, 4]))
def scanned_over_time(x):
  y = tf.scan(lambda state, row: 0.5 * state + tf.tanh(row), tf.transpose(x, [1, 0, 2]), tf.zeros_like(x[:, 0]))
  return {'y': tf.transpose(y, [1, 0, 2]), 'last': y[-1]}


@function(spec([None, 8]))
def greedy_decoding(x):
  def step(i, token, state, out):
    state = tf.tanh(state @ weights(8, 8) + tf.gather(tf.constant(weights(5, 8, seed=2)), token))
    token = tf.argmax(state @ weights(8, 5, seed=3), -1, output_type=tf.int32)
    return i + 1, token, state, tf.concat([out[:, 1:], token[:, None]], 1)
  first = tf.zeros_like(x[:, 0], tf.int32)
  return {'tokens': tf.while_loop(lambda i, *_: i < 6, step, [0, first, x, tf.zeros([tf.shape(x)[0], 6], tf.int32)])[3]}


@function(spec([None, 6]))
def mixed_outputs(x):
  values, indices = tf.math.top_k(x, 2)
  return {'bool': x > 0, 'int64': tf.argmax(x, -1), 'int32': indices, 'float': values, 'byte': tf.cast(tf.abs(x) * 9, tf.uint8),
          'label': tf.gather(tf.constant(['cat', 'dog', 'bird', '', 'ü', 'a longer name']), tf.argmax(x, -1))}


@function(spec([None, 4]))
def empty_outputs(x):
  return {'none': tf.boolean_mask(x, tf.reduce_sum(x, -1) > 100.0), 'y': x @ weights(4, 2), 'zero': x[:, 2:2]}


@function(spec([None, 1], tf.float16), spec([None, 2], tf.int8, 'b'), spec([None, 2], tf.uint8, 'c'), spec([None, 2], tf.int16, 'd'), high=100)
def small_inputs(x, b, c, d):
  parts = [tf.cast(v, tf.float32) / 50 for v in (x, b, c, d)]
  return {'y': tf.concat(parts, -1) @ weights(7, 3)}


@function(spec([None, None, None, 3], name='image'), sides=(9, 14))
def as_large_as_given(image):
  y = tf.nn.relu(tf.nn.conv2d(image, weights(3, 3, 3, 4), 2, 'SAME'))
  return {'mask': tf.image.resize(tf.nn.conv2d(y, weights(1, 1, 4, 2), 1, 'SAME'), tf.shape(image)[1:3])}


@function(spec([None, 6], tf.int32, 'ids'), spec([None, 6]), high=4)
def scattered(ids, x):
  n = tf.shape(x)[0]
  rows = tf.tile(tf.range(n)[:, None], [1, 6])
  sums = tf.scatter_nd(tf.stack([rows, ids], -1), x, tf.stack([n, 4]))
  return {'sums': sums, 'counts': tf.reduce_sum(tf.one_hot(ids, 4), 1), 'mask': tf.sequence_mask(ids[:, 0] + 1, 5), 'picked': tf.gather(x, ids, batch_dims=1)}


@function(spec([None, 10, 12, 4], name='image'), spec([None, 10, 12, 2], name='flow'))
def warped(image, flow):
  """Bilinear sampling at computed places."""
  n = tf.shape(image)[0]
  rows, columns = tf.meshgrid(tf.range(10), tf.range(12), indexing='ij')
  at = tf.cast(tf.stack([rows, columns], -1), tf.float32) + flow * 3
  low = tf.floor(at)
  f = at - low
  def pick(dy, dx):
    i = tf.clip_by_value(tf.cast(low, tf.int32) + [dy, dx], 0, [9, 11])
    batch = tf.tile(tf.range(n)[:, None, None, None], [1, 10, 12, 1])
    return tf.gather_nd(image, tf.concat([batch, i], -1))
  top = pick(0, 0) * (1 - f[..., 1:]) + pick(0, 1) * f[..., 1:]
  bottom = pick(1, 0) * (1 - f[..., 1:]) + pick(1, 1) * f[..., 1:]
  return {'y': top * (1 - f[..., :1]) + bottom * f[..., :1]}


@function(spec([None, 6], tf.int32, 'ids'), high=50,
          known={'more operators: +1 DEQUANTIZE, +1 QUANTIZE': 'the choice of NaN stays in float: two operators more'})
def taken_or_nan(ids):
  """jnp.take, as jax2tf writes it: NaN for what is out of range, which nothing is."""
  there = tf.reduce_all((ids[..., None] >= 0) & (ids[..., None] <= 49), -1)
  rows = tf.gather(weights(50, 16), tf.clip_by_value(ids, 0, 49))
  fill = tf.broadcast_to(tf.constant(np.full((1, 1, 1), np.nan, 'float32')), tf.shape(rows))
  rows = tf.where(tf.broadcast_to(there[..., None], tf.shape(rows)), rows, fill)
  return {'y': tf.nn.gelu(rows @ weights(16, 12, seed=2)) @ weights(12, 5, seed=3)}

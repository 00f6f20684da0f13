# SPDX-License-Identifier: Apache-2.0
"""Quantiles and buckets: of integers and sparse values, for each key, with interpolation."""

import tensorflow as tf
import tensorflow_transform as tft


def preprocessing_fn(inputs):
    x = inputs["x"]

    def spread(tensor, *shape):
        return tf.tile(tf.reshape(tensor, [1, *shape]), [tf.size(x)] + [1] * len(shape))

    bucket = tft.bucketize(x, 5)
    vocabulary = tft.compute_and_apply_vocabulary(inputs["k"], num_oov_buckets=2, vocab_filename="k")
    given = tft.apply_buckets(x, tf.constant([[0.0, 1.5]]))
    of_key = tft.bucketize_per_key(x, inputs["k"], 3)
    number = tft.get_num_buckets_for_transformed_feature
    return {
        "id": inputs["id"],
        "bucket": bucket,
        "given": given,
        "quantiles": spread(tft.quantiles(x, 4, 0.001), 3),
        "integers": tft.bucketize(inputs["n"], 6),
        "sparse": tft.bucketize(inputs["v"], 3),
        "of_key": of_key,
        "interpolated": tft.apply_buckets_with_interpolation(x, tft.quantiles(x, 5, 0.001)),
        "one": tft.apply_buckets_with_interpolation(x, tf.constant([[0.5]])),
        "sparse_interpolated": tft.apply_buckets_with_interpolation(inputs["v"], tf.constant([[-1.0, 0.5, 2.0, 3.0]])),
        "numbers": spread(tf.stack([tf.cast(number(t), tf.int64) for t in (bucket, vocabulary, given, of_key)]), 4),
        "ids": vocabulary,
    }

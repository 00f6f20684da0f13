# SPDX-License-Identifier: Apache-2.0
"""Quantiles and buckets with weights, and of each element."""

import tensorflow as tf
import tensorflow_transform as tft


def preprocessing_fn(inputs):
    x, y = inputs["x"], inputs["y"]

    def spread(tensor, *shape):
        return tf.tile(tf.reshape(tensor, [1, *shape]), [tf.size(x)] + [1] * len(shape))

    return {
        "id": inputs["id"],
        "weighted_quantiles": spread(tft.quantiles(x, 4, 0.001, weights=inputs["w"]), 3),
        "quantiles_each": spread(tft.quantiles(y, 3, 0.001, reduce_instance_dims=False), 3, 2),
        "weighted": tft.bucketize(x, 4, weights=inputs["w"], epsilon=0.001),
        "elementwise": tft.bucketize(y, 3, elementwise=True, epsilon=0.001),
        "weighted_of_key": tft.bucketize_per_key(x, inputs["k"], 4, weights=inputs["w"]),
    }

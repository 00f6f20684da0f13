# SPDX-License-Identifier: Apache-2.0
"""Covariance, principal components (up to their signs), Tukey's parameters and what is made with them."""

import tensorflow as tf
import tensorflow_transform as tft


def preprocessing_fn(inputs):
    x, y = inputs["x"], inputs["y"]

    def spread(tensor, *shape):
        return tf.tile(tf.reshape(tensor, [1, *shape]), [tf.size(x)] + [1] * len(shape))

    left, right = tft.tukey_h_params(x)
    left_each, right_each = tft.tukey_h_params(y, reduce_instance_dims=False)
    return {
        "id": inputs["id"],
        "covariance": spread(tft.covariance(y, tf.float32), 3, 3),
        "covariance64": tf.cast(spread(tft.covariance(tf.cast(y, tf.float64), tf.float64), 3, 3), tf.float32),
        "components": tf.abs(spread(tft.pca(y, 2, tf.float32), 3, 2)),
        "projected": tf.abs(tf.matmul(y, tft.pca(y, 1, tf.float32))),
        "location": x * 0 + tft.tukey_location(x),
        "scale": x * 0 + tft.tukey_scale(x),
        "left": x * 0 + left,
        "right": x * 0 + right,
        "location_each": y * 0 + tft.tukey_location(y, reduce_instance_dims=False),
        "scale_each": y * 0 + tft.tukey_scale(y, reduce_instance_dims=False),
        "left_each": y * 0 + left_each,
        "right_each": y * 0 + right_each,
        "location_of_integers": x * 0 + tft.tukey_location(inputs["n"]),
        "gaussian": tft.scale_to_gaussian(x),
        "gaussian_each": tft.scale_to_gaussian(y, elementwise=True),
        "gaussian_integers": tft.scale_to_gaussian(inputs["n"]),
        "gaussian_sparse": tft.scale_to_gaussian(inputs["v"]),
    }

# SPDX-License-Identifier: Apache-2.0
"""Analyzers and scaling of sparse values, integers and elements; values that are all the same."""

import tensorflow as tf
import tensorflow_transform as tft


def preprocessing_fn(inputs):
    x, y, n, v = (inputs[name] for name in "xynv")
    same = tf.zeros_like(x) + 2.5
    return {
        "id": inputs["id"],
        "z": tft.scale_to_z_score(x),
        "z64": tf.cast(tft.scale_to_z_score(tf.cast(x, tf.float64)), tf.float32),
        "z_sparse": tft.scale_to_z_score(v),
        "z_integers": tft.scale_to_z_score(n),
        "z_typed": tft.scale_to_z_score(n, output_dtype=tf.float32),
        "z_same": tft.scale_to_z_score(same),
        "unit_same": tft.scale_to_0_1(same),
        "unit_sparse": tft.scale_to_0_1(v),
        "range": tft.scale_by_min_max(y, -1.0, 2.0, elementwise=True),
        "range_integers": tft.scale_by_min_max(n, 0.0, 10.0),
        "sum_sparse": x * 0 + tft.sum(v),
        "size": tf.cast(x * 0, tf.int64) + tft.size(v),
        "sizes": tf.cast(y * 0, tf.int64) + tft.size(y, reduce_instance_dims=False),
        "mean": y * 0 + tft.mean(y, reduce_instance_dims=False),
        "mean_typed": x * 0 + tf.cast(tft.mean(n, output_dtype=tf.float64), tf.float32),
        "var": x * 0 + tft.var(tft.scale_to_0_1(v).values) if hasattr(v, "values") else x,
        "largest": n * 0 + tft.max(n),
        "smallest": tf.cast(n, tf.float32) * 0 + tft.min(v),
    }

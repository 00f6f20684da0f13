# SPDX-License-Identifier: Apache-2.0
"""tft.histogram, tft.count_per_key and what follows from them."""

import tensorflow as tf
import tensorflow_transform as tft


def preprocessing_fn(inputs):
    x = inputs["x"]

    def spread(tensor, size):
        flat = tf.ensure_shape(tf.reshape(tensor, [-1]), [size])
        return tf.tile(flat[None], [tf.size(x), 1])

    counts, boundaries = tft.histogram(x, boundaries=6)
    given, given_boundaries = tft.histogram(x, boundaries=[-2.0, 0.0, 1.0, 4.5])
    unit, unit_boundaries = tft.histogram(tf.sigmoid(x))
    category_counts, categories = tft.histogram(inputs["k"], categorical=True)
    number_counts, numbers = tft.histogram(inputs["label"], categorical=True)
    sparse_counts, sparse_boundaries = tft.histogram(inputs["v"], boundaries=4)
    keys, of_key = tft.count_per_key(inputs["s"])
    integers, of_integer = tft.count_per_key(inputs["label"])
    return {
        "id": inputs["id"],
        "counts": spread(counts, 5),
        "boundaries": spread(boundaries, 6),
        "given": spread(given, 3),
        "given_boundaries": spread(given_boundaries, 4),
        "unit": spread(unit, 10),
        "unit_boundaries": spread(unit_boundaries, 11),
        "category_counts": spread(category_counts, 5),
        "categories": spread(categories, 5),
        "number_counts": spread(number_counts, 3),
        "numbers": spread(numbers, 3),
        "sparse_counts": spread(sparse_counts, 3),
        "sparse_boundaries": spread(sparse_boundaries, 4),
        "keys": spread(keys, 7),
        "of_key": spread(of_key, 7),
        "integers": spread(integers, 3),
        "of_integer": spread(of_integer, 3),
        "density": tft.estimated_probability_density(x, boundaries=6),
        "density_given": tft.estimated_probability_density(x, boundaries=[-2.0, 0.0, 1.0, 4.5]),
        "density_categorical": tft.estimated_probability_density(inputs["k"], categorical=True),
        "density_integers": tft.estimated_probability_density(inputs["label"], categorical=True),
    }

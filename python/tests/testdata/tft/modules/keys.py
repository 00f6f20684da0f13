# SPDX-License-Identifier: Apache-2.0
"""Scaling by the statistics of each key."""

import tensorflow_transform as tft


def preprocessing_fn(inputs):
    x, y, k = inputs["x"], inputs["y"], inputs["k"]
    return {
        "id": inputs["id"],
        "z": tft.scale_to_z_score_per_key(x, k),
        "z_elements": tft.scale_to_z_score_per_key(y, k, elementwise=True),
        "z_integers": tft.scale_to_z_score_per_key(inputs["n"], k),
        "range": tft.scale_by_min_max_per_key(x, k, -1.0, 3.0),
        "range_elements": tft.scale_by_min_max_per_key(y, k, elementwise=True),
        "unit": tft.scale_to_0_1_per_key(x, k),
        "unit_sparse": tft.scale_to_0_1_per_key(inputs["v"], inputs["q"]),
        "z_sparse": tft.scale_to_z_score_per_key(inputs["v"], inputs["q"]),
        "file": tft.scale_to_0_1_per_key(x, k, key_vocabulary_filename="keys"),
        "file_z": tft.scale_to_z_score_per_key(x, k, key_vocabulary_filename="keys_z"),
    }

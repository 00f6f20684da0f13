# SPDX-License-Identifier: Apache-2.0
"""Words weighted by how rare they are."""

import tensorflow as tf
import tensorflow_transform as tft


def preprocessing_fn(inputs):
    ids = tft.compute_and_apply_vocabulary(tf.compat.v1.string_split(inputs["t"]), vocab_filename="words")
    unsmoothed_ids, unsmoothed = tft.tfidf(ids, 12, smooth=False)
    words, weights = tft.tfidf(ids, tft.get_num_buckets_for_transformed_feature(ids))
    return {
        "id": inputs["id"],
        "word": words,
        "tfidf": weights,
        "unsmoothed_word": unsmoothed_ids,
        "unsmoothed": unsmoothed,
    }

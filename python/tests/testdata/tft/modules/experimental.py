# SPDX-License-Identifier: Apache-2.0
"""tft.experimental, but for what needs Beam."""

import tensorflow as tf
import tensorflow_transform as tft


def preprocessing_fn(inputs):
    ids = tft.compute_and_apply_vocabulary(inputs["s"], vocab_filename="words")
    size = tft.experimental.get_vocabulary_size_by_name("words")
    approximate = tft.experimental.approximate_vocabulary(inputs["k"], top_k=4, vocab_filename="countries")
    return {
        "id": inputs["id"],
        "size": tf.cast(size, tf.int64) + 0 * inputs["id"],
        "df": tft.experimental.document_frequency(ids, size),
        "df7": tft.experimental.document_frequency(ids, 7),
        "idf": tft.experimental.idf(ids, size),
        "idf_plain": tft.experimental.idf(ids, 7, smooth=False, add_baseline=False),
        "country": tft.apply_vocabulary(inputs["k"], approximate),
        "words": tft.experimental.compute_and_apply_approximate_vocabulary(inputs["q"], top_k=10, num_oov_buckets=1),
    }

# SPDX-License-Identifier: Apache-2.0
"""Functions of text that need no analyzer."""

import tensorflow as tf
import tensorflow_transform as tft


def preprocessing_fn(inputs):
    tokens = tf.compat.v1.string_split(inputs["t"])
    ragged = tf.strings.split(inputs["t"])
    return {
        "id": inputs["id"],
        "ngrams": tft.ngrams(tokens, (1, 3), "_"),
        "bigrams": tft.ngrams(tokens, (2, 2), ""),
        "ngrams_of_list": tft.ngrams(inputs["s"], (2, 3), " "),
        "bag": tft.bag_of_words(tokens, (1, 2), " "),
        "bag_of_list": tft.bag_of_words(inputs["s"], (1, 1), " "),
        "count": tft.word_count(tokens),
        "count_ragged": tft.word_count(ragged),
        "count_list": tft.word_count(inputs["s"]),
        "different": tft.deduplicate_tensor_per_row(inputs["s"]),
        "different_integers": tft.deduplicate_tensor_per_row(inputs["c"]),
        "different_dense": tft.deduplicate_tensor_per_row(tf.cast(inputs["y"], tf.int64)),
        "padded": tft.sparse_tensor_to_dense_with_shape(tokens, [None, 8], "[PAD]"),
        "padded_integers": tft.sparse_tensor_to_dense_with_shape(inputs["c"], [None, 6], -1),
        "padded_floats": tft.sparse_tensor_to_dense_with_shape(inputs["v"], [None, 5]),
        "place": tft.segment_indices(tf.sort(inputs["label"])),
        "hash": tft.hash_strings(tokens, 100),
        "strong_hash": tft.hash_strings(inputs["k"], 100, key=[123, 456]),
        "aligned": tft.sparse_tensor_left_align(tft.ngrams(tokens, (1, 1), " ")),
    }

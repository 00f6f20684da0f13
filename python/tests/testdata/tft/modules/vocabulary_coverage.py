# SPDX-License-Identifier: Apache-2.0
"""Vocabularies with a part for each key: key_fn, coverage_top_k, coverage_frequency_threshold."""
import tensorflow as tf
import tensorflow_transform as tft


def _first_letter(word):
    return word[:1]


def preprocessing_fn(inputs):
    tokens = tf.strings.split(inputs["t"]).to_sparse()
    by_letter = tft.vocabulary(tokens, top_k=2, key_fn=_first_letter, coverage_top_k=1, vocab_filename="by_letter")
    tft.vocabulary(
        tokens, frequency_threshold=80, key_fn=len, coverage_top_k=2, coverage_frequency_threshold=40, store_frequency=True,
        vocab_filename="by_length")  # fmt: skip
    by_sign = tft.vocabulary(
        inputs["c"], top_k=1, key_fn=lambda value: value.startswith(b"-"), coverage_top_k=1, vocab_filename="by_sign")  # fmt: skip
    return {
        "id": inputs["id"],
        "by_letter": tft.apply_vocabulary(tokens, by_letter),
        "by_sign": tft.apply_vocabulary(inputs["c"], by_sign),
        "weighted": tft.compute_and_apply_vocabulary(
            inputs["k"], weights=inputs["w"], top_k=1, key_fn=lambda value: value[-1:], coverage_top_k=1, vocab_filename="weighted"),
    }

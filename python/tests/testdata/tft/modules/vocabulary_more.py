# SPDX-License-Identifier: Apache-2.0
"""Vocabularies by weights and labels, with reserved tokens, and applied."""

import tensorflow_transform as tft


def preprocessing_fn(inputs):
    weighted = tft.vocabulary(inputs["k"], weights=inputs["w"], vocab_filename="weighted")
    reserved = tft.vocabulary(inputs["s"], reserved_tokens=["[PAD]", "[UNK]", "b"], vocab_filename="reserved")
    adjusted = tft.vocabulary(
        inputs["s"], labels=inputs["label"], use_adjusted_mutual_info=True, min_diff_from_avg=1,
        vocab_filename="adjusted")  # fmt: skip
    weighted_labels = tft.vocabulary(
        inputs["k"], labels=inputs["label"], weights=inputs["w"], vocab_filename="weighted_labels")  # fmt: skip
    threshold = tft.vocabulary(inputs["s"], frequency_threshold=30, top_k=5, vocab_filename="threshold")
    of_integers = tft.vocabulary(inputs["c"], vocab_filename="of_integers")
    apply = tft.apply_vocabulary
    return {
        "id": inputs["id"],
        "weighted": apply(inputs["k"], weighted, num_oov_buckets=1),
        "reserved": apply(inputs["s"], reserved, default_value=1),
        "adjusted": apply(inputs["s"], adjusted),
        "weighted_labels": apply(inputs["k"], weighted_labels, default_value=-7),
        "threshold": apply(inputs["s"], threshold, num_oov_buckets=2),
        "of_integers": apply(inputs["c"], of_integers),
    }

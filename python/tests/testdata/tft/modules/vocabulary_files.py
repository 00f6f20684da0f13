# SPDX-License-Identifier: Apache-2.0
"""Vocabularies with frequencies, weights and mutual information in their files."""

import tensorflow_transform as tft


def preprocessing_fn(inputs):
    tft.vocabulary(inputs["k"], weights=inputs["w"], store_frequency=True, vocab_filename="weights")
    tft.vocabulary(inputs["s"], labels=inputs["label"], store_frequency=True, vocab_filename="information")
    tft.vocabulary(
        inputs["s"], labels=inputs["label"], use_adjusted_mutual_info=True, min_diff_from_avg=1, store_frequency=True,
        vocab_filename="adjusted_information")  # fmt: skip
    tft.vocabulary(
        inputs["k"], labels=inputs["label"], weights=inputs["w"], store_frequency=True, vocab_filename="weighted_information")  # fmt: skip
    tft.vocabulary(inputs["c"], store_frequency=True, vocab_filename="counts_of_integers")
    tft.vocabulary(
        inputs["s"], store_frequency=True, reserved_tokens=["[PAD]", "b"], top_k=3, vocab_filename="reserved_frequency")
    return {"id": inputs["id"]}

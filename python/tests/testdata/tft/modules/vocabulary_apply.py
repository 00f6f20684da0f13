# SPDX-License-Identifier: Apache-2.0
"""tft.compute_and_apply_vocabulary: frequencies, fingerprints, TFRecords, integers and labels."""

import tensorflow_transform as tft


def preprocessing_fn(inputs):
    return {
        "id": inputs["id"],
        "frequency": tft.compute_and_apply_vocabulary(inputs["t"], store_frequency=True, top_k=7, vocab_filename="frequency"),
        "shuffled": tft.compute_and_apply_vocabulary(inputs["s"], fingerprint_shuffle=True, vocab_filename="shuffled"),
        "record": tft.compute_and_apply_vocabulary(
            inputs["s"], file_format="tfrecord_gzip", num_oov_buckets=2, top_k=4, vocab_filename="record"),
        "record_frequency": tft.compute_and_apply_vocabulary(
            inputs["t"], file_format="tfrecord_gzip", store_frequency=True, vocab_filename="record_frequency"),
        "integers": tft.compute_and_apply_vocabulary(inputs["n"], top_k=10, num_oov_buckets=3, vocab_filename="integers"),
        "mutual": tft.compute_and_apply_vocabulary(
            inputs["k"], labels=inputs["label"], store_frequency=True, vocab_filename="mutual"),
    }

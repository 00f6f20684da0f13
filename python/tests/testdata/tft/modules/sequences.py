# SPDX-License-Identifier: Apache-2.0
"""tf.SequenceExamples: features of the context as those of an example, feature lists as ragged tensors (sequences.pbtxt)."""
import tensorflow as tf
import tensorflow_transform as tft

DATA = "sequences"


def preprocessing_fn(inputs):
    tokens = inputs["tokens"]
    return {
        "id": inputs["id"],
        "user": inputs["user"],
        "user_id": tft.compute_and_apply_vocabulary(inputs["user"], vocab_filename="users"),
        "weight": inputs["weight"],
        "tokens": tokens,
        "token_ids": tft.compute_and_apply_vocabulary(tokens, vocab_filename="tokens", default_value=99),
        "steps": tokens.row_lengths(),
        "values_z": tft.scale_to_z_score(inputs["values"]),
        "sums": tf.reduce_sum(tf.reduce_sum(inputs["values"], 2), 1),
        "points": inputs["points"],
        "first_points": inputs["points"][:, :2].merge_dims(1, 2).to_tensor(shape=[None, 3, 2]),
        "clicks": tft.bucketize(inputs["clicks"], 3),
    }

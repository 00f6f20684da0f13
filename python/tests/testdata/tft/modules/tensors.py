# SPDX-License-Identifier: Apache-2.0
"""Features that are not one list of values: defaults, places, rows of rows (tensors.pbtxt)."""
import tensorflow as tf
import tensorflow_transform as tft

DATA = "tensors"


def preprocessing_fn(inputs):
    grid, lines, pages, image = (inputs[name] for name in ("grid", "lines", "pages", "image"))
    words = tft.compute_and_apply_vocabulary(lines, vocab_filename="words", num_oov_buckets=1)
    return {
        "id": inputs["id"],
        "score": inputs["score"],
        "score_z": tft.scale_to_z_score(inputs["score"]),
        "both": inputs["both"],
        "both_01": tft.scale_to_0_1(inputs["both"], elementwise=True),
        "name_id": tft.compute_and_apply_vocabulary(inputs["name"], vocab_filename="names"),
        "grid": grid,
        "grid_01": tft.scale_to_0_1(grid),
        "grid_sum": tf.reduce_sum(tf.sparse.to_dense(grid), [1, 2]),
        "grid_dense": tf.ensure_shape(tf.sparse.to_dense(grid), [None, 6, 4]),
        "placed": inputs["placed"],
        "place_ids": tft.compute_and_apply_vocabulary(inputs["placed"], vocab_filename="placed"),
        "labels": inputs["labels"],
        "tags_too": inputs["tags_too"],
        "tag_count": tf.cast(inputs["tags_32"].row_lengths(), tf.int64),
        "tag_ids": tft.compute_and_apply_vocabulary(inputs["tags_too"], vocab_filename="tags"),
        "boxes": inputs["boxes"],
        "boxes_01": tft.scale_to_0_1(inputs["boxes"]),
        "num_boxes": inputs["boxes"].row_lengths(),
        "word_ids": words,
        "line_count": lines.row_lengths(),
        "words_of_lines": tf.cast(lines.row_lengths(2).to_tensor(shape=[None, 3]), tf.int64),
        "pages": pages,
        "page_words": tf.cast(pages.merge_dims(1, 2).merge_dims(1, 2).row_lengths(), tf.int64),
        "image": image,
        "image_max": tft.scale_by_min_max(tf.cast(image, tf.float32), -1, 1),
        "rest": inputs["rest"],
        "rest_per_key": tft.scale_to_0_1_per_key(inputs["rest"], inputs["name"][:, 0]),
        "tags_per_key": tft.scale_to_z_score_per_key(inputs["tags_too"].with_flat_values(
            tf.cast(tf.strings.length(inputs["tags_too"].flat_values), tf.float32)), inputs["name"][:, 0]),
        "three": tf.sparse.expand_dims(inputs["rest"], 1),
    }

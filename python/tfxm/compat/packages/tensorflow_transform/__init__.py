# SPDX-License-Identifier: Apache-2.0
"""tensorflow_transform on tfxm's engine: analyzers are computed by it, exactly and on all cores."""

from tensorflow_transform.analyzers import (
    annotate_asset,
    annotate_vocab_size,
    count_per_key,
    covariance,
    histogram,
    max,
    mean,
    min,
    pca,
    quantiles,
    size,
    sum,
    tukey_h_params,
    tukey_location,
    tukey_scale,
    var,
    vocabulary,
)
from tensorflow_transform.inspect_preprocessing_fn import get_analyze_input_columns, get_transform_input_columns
from tensorflow_transform.mappers import (
    apply_buckets,
    apply_buckets_with_interpolation,
    apply_vocabulary,
    bag_of_words,
    bucketize,
    bucketize_per_key,
    compute_and_apply_vocabulary,
    deduplicate_tensor_per_row,
    estimated_probability_density,
    fill_in_missing,
    get_num_buckets_for_transformed_feature,
    hash_strings,
    ngrams,
    scale_by_min_max,
    scale_by_min_max_per_key,
    scale_to_0_1,
    scale_to_0_1_per_key,
    scale_to_gaussian,
    scale_to_z_score,
    scale_to_z_score_per_key,
    segment_indices,
    sparse_tensor_left_align,
    sparse_tensor_to_dense_with_shape,
    tfidf,
    word_count,
)
from tfxm import compat
from tfxm.runtime.tf_transform_output import TFTransformOutput

from tensorflow_transform.tf_metadata.dataset_metadata import DatasetMetadata  # isort: skip

__version__ = "1.15.0"  # What is written after.


def __getattr__(name: str):
    if name == "TransformFeaturesLayer":
        from tfxm.runtime import transform_layer

        return transform_layer.make
    if name in ("beam", "tf_metadata", "experimental"):
        import importlib

        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError:
            raise AttributeError(f"tfxm has no tft.{name}: the engine makes the passes, there is no Beam") from None
    if name == "make_and_track_object":
        raise AttributeError(
            "tfxm has no tft.make_and_track_object: the graph of a preprocessing_fn has no variables; tables are made in it, "
            "constants may be computed when the module is imported")  # fmt: skip
    raise compat.missing("tft", name, globals())

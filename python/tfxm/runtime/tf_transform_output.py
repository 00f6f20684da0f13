# SPDX-License-Identifier: Apache-2.0
"""A transform graph artifact: tft.TFTransformOutput. Reads what tfxm and TensorFlow Transform write."""

from __future__ import annotations

import os
from typing import Any

import tensorflow as tf

from tfxm.runtime import graph_dependencies
from tfxm.runtime import schema as schemas


class DatasetMetadata:
    """tensorflow_transform.tf_metadata.dataset_metadata's: holds a schema."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema

    @property
    def schema(self) -> Any:
        return self._schema

    @classmethod
    def from_feature_spec(cls, feature_spec: schemas.FeatureSpec, domains: dict[str, Any] | None = None) -> DatasetMetadata:
        return cls(schemas.from_feature_spec(feature_spec, domains))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DatasetMetadata) and self.schema == other.schema

    def __repr__(self) -> str:
        return f"DatasetMetadata(schema={self.schema!r})"


def _empty(spec: Any, like: Any) -> Any:
    """A value for a feature that is not fed; what follows from it is dropped."""
    batch = tf.shape(like.dense_shape if isinstance(like, tf.SparseTensor) else like, tf.int64)[:1]
    if isinstance(like, tf.SparseTensor):
        batch = like.dense_shape[:1]
    elif isinstance(like, tf.RaggedTensor):
        batch = like.bounding_shape(axis=0)[None]
    value = tf.constant("" if spec.dtype == tf.string else 0, spec.dtype)
    if isinstance(spec, tf.TensorSpec):
        return tf.fill(tf.concat([batch, tf.constant(spec.shape[1:].as_list(), tf.int64)], 0), value)
    if isinstance(spec, tf.RaggedTensorSpec):
        flat = tf.fill([0, *spec.shape[spec.ragged_rank + 1 :]], value)
        empty = tf.zeros([1], spec.row_splits_dtype)
        splits = [tf.fill(batch + 1, tf.constant(0, spec.row_splits_dtype)), *[empty] * (spec.ragged_rank - 1)]
        return tf.RaggedTensor.from_nested_row_splits(flat, splits)
    sizes = [size or 0 for size in spec.shape[1:].as_list()]
    return tf.SparseTensor(
        tf.zeros([0, 1 + len(sizes)], tf.int64), tf.fill([0], value), tf.concat([batch, tf.constant(sizes, tf.int64)], 0))  # fmt: skip


class TransformFeaturesLayer(tf.Module):
    """Raw features by name to transformed ones; called in a model, a tf.function or eagerly.

    Raw features may be left out (a label, when serving): then so are the outputs that need them.
    """

    def __init__(self, output: TFTransformOutput) -> None:
        super().__init__(name="transform_features_layer")
        self._spec = schemas.as_type_specs(output.raw_metadata.schema)
        self._loaded = tf.saved_model.load(output.transform_savedmodel_dir)
        self._needed = self._inputs_of_outputs()

    def _transform(self, features: dict[str, Any]) -> dict[str, Any]:
        if hasattr(self._loaded, "transform_fn"):
            return self._loaded.transform_fn(features)
        raise ValueError("the transform graph has no function transform_fn: was it written by TFT in TF1's mode?")

    def _inputs_of_outputs(self) -> dict[str, set[str]]:
        """For each output, the raw features that it follows from."""
        traced: dict[str, Any] = {}

        @tf.autograph.experimental.do_not_convert
        def transform(features: dict[str, Any]) -> list[tf.Tensor]:
            traced.update(features=features, outputs=self._transform(features))
            return tf.nest.flatten(traced["outputs"], expand_composites=True)

        tf.function(transform).get_concrete_function(self._spec)
        return graph_dependencies.of_outputs(traced["features"], traced["outputs"])

    @tf.autograph.experimental.do_not_convert
    def __call__(self, features: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(features) - set(self._spec))
        if unknown:
            raise ValueError(
                f"not raw features: {', '.join(unknown)}; the transform graph takes {', '.join(sorted(self._spec))}")  # fmt: skip
        if not features:
            raise ValueError("transform_features_layer was called without features")
        absent = set(self._spec) - set(features)
        fed = dict(features)
        some = next(iter(features.values()))
        for name in absent:
            fed[name] = _empty(self._spec[name], some)
        outputs = self._transform(fed)
        if not absent:
            return dict(outputs)
        return {name: value for name, value in outputs.items() if not self._needed[name] & absent}


class TFTransformOutput:
    """tft.TFTransformOutput. FileNotFoundError names the file that a folder lacks."""

    TRANSFORMED_METADATA_DIR = "transformed_metadata"
    TRANSFORM_FN_DIR = "transform_fn"
    RAW_METADATA_DIR = "metadata"
    ASSET_MAP = "asset_map"
    PRE_TRANSFORM_FEATURE_STATS_PATH = os.path.join("pre_transform_feature_stats", "FeatureStats.pb")
    POST_TRANSFORM_FEATURE_STATS_PATH = os.path.join("post_transform_feature_stats", "FeatureStats.pb")

    def __init__(self, transform_output_dir: str) -> None:
        self._dir = os.fspath(transform_output_dir)
        self._metadata: dict[str, DatasetMetadata] = {}
        self._layer: TransformFeaturesLayer | None = None

    def _read(self, folder: str) -> DatasetMetadata:
        if folder not in self._metadata:
            path = os.path.join(self._dir, folder, "schema.pbtxt")
            if not os.path.isfile(path):
                raise FileNotFoundError(f"{self._dir} is not a transform graph: it has no {folder}/schema.pbtxt")
            self._metadata[folder] = DatasetMetadata(schemas.read(path))
        return self._metadata[folder]

    @property
    def transformed_metadata(self) -> DatasetMetadata:
        return self._read(self.TRANSFORMED_METADATA_DIR)

    @property
    def raw_metadata(self) -> DatasetMetadata:
        return self._read(self.RAW_METADATA_DIR)

    def raw_feature_spec(self) -> schemas.FeatureSpec:
        return schemas.as_feature_spec(self.raw_metadata.schema)

    def transformed_feature_spec(self) -> schemas.FeatureSpec:
        return schemas.as_feature_spec(self.transformed_metadata.schema)

    def raw_domains(self) -> dict[str, Any]:
        return schemas.domains(self.raw_metadata.schema)

    def transformed_domains(self) -> dict[str, Any]:
        return schemas.domains(self.transformed_metadata.schema)

    @property
    def transform_savedmodel_dir(self) -> str:
        return os.path.join(self._dir, self.TRANSFORM_FN_DIR)

    @property
    def pre_transform_statistics_path(self) -> str:
        return os.path.join(self._dir, self.PRE_TRANSFORM_FEATURE_STATS_PATH)

    @property
    def post_transform_statistics_path(self) -> str:
        return os.path.join(self._dir, self.POST_TRANSFORM_FEATURE_STATS_PATH)

    def transform_features_layer(self) -> Any:
        """A Keras layer of the Keras that tf.keras is: models may own it, and save it with themselves."""
        from tfxm.runtime import transform_layer

        return transform_layer.make(self)

    def transform_raw_features(self, raw_features: dict[str, Any], drop_unused_features: bool = True) -> dict[str, Any]:
        """The transformed features; those that need a raw feature which is not given are left out."""
        if self._layer is None:
            self._layer = TransformFeaturesLayer(self)
        if not drop_unused_features and set(raw_features) != set(self.raw_feature_spec()):
            missing = sorted(set(self.raw_feature_spec()) - set(raw_features))
            raise ValueError(f"raw features are missing: {', '.join(missing)}")
        return self._layer(raw_features)

    def load_transform_graph(self) -> None:
        """Nothing to do: the graph is loaded when it is used."""

    def num_buckets_for_transformed_feature(self, name: str) -> int:
        """How many values an integer feature of the transformed data may have, as its domain says."""
        if name in self.transformed_feature_spec():
            domain = self.transformed_domains().get(name)
            if type(domain).__name__ != "IntDomain":
                raise ValueError(f'transformed feature "{name}" has no int_domain in the schema')
            if domain.min != 0:
                raise ValueError(f'the domain of "{name}" begins with {domain.min}, not 0')
            return domain.max + 1
        raise ValueError(f'no transformed feature "{name}"; there are {", ".join(sorted(self.transformed_feature_spec()))}')

    def vocabulary_file_by_name(self, vocab_filename: str) -> str:
        """The path of a vocabulary, or of an asset that tft.annotate_asset gave that name. ValueError names those there are."""
        assets = os.path.join(self.transform_savedmodel_dir, tf.saved_model.ASSETS_DIRECTORY)
        name = os.fsdecode(vocab_filename)
        names = {os.path.basename(file): file for file in (os.listdir(assets) if os.path.isdir(assets) else [])}
        names.update(_asset_map(os.path.join(self._dir, self.TRANSFORMED_METADATA_DIR, self.ASSET_MAP)))
        for candidate in (name, name + ".tfrecord.gz"):
            if candidate in names:
                return os.path.join(assets, names[candidate])
        raise ValueError(f'no vocabulary "{name}"; there are {", ".join(sorted(names)) or "none"}')

    def vocabulary_by_name(self, vocab_filename: str) -> list[bytes]:
        path = self.vocabulary_file_by_name(vocab_filename)
        if path.endswith(".tfrecord.gz"):
            return [r.numpy() for r in tf.data.TFRecordDataset(path, compression_type="GZIP")]
        with open(path, "rb") as f:
            return f.read().splitlines()

    def vocabulary_size_by_name(self, vocab_filename: str) -> int:
        return len(self.vocabulary_by_name(vocab_filename))


def _asset_map(path: str) -> dict[str, str]:
    if not os.path.isfile(path):
        return {}
    import json

    with open(path, encoding="utf-8") as f:
        return json.load(f)

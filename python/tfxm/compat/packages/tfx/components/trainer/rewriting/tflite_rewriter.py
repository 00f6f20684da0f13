# SPDX-License-Identifier: Apache-2.0
"""TFX's TFLiteRewriter on tfxm's native rewriter: the file is verified, and compared with the SavedModel.

    tfrw = rewriter_factory.create_rewriter(rewriter_factory.TFLITE_REWRITER, name="int8", quantization="int8",
                                            representative_dataset="examples/Split-train/*")
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf
from tfx.components.trainer.rewriting import rewriter

from tfxm.runtime import engine

_DEFAULT_SAMPLES = 100  # RepresentativeDataset::sample_size


def _name_of(value: Any) -> Any:
    """tf.float16, tf.lite.Optimize.DEFAULT and tf.TensorShape as JSON has them."""
    if isinstance(value, tf.lite.Optimize):
        return value.name
    if isinstance(value, tf.DType) or (isinstance(value, type) and hasattr(tf.as_dtype(value), "name")):
        return tf.as_dtype(value).name
    if isinstance(value, dict):
        return {key: _name_of(v) for key, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_name_of(v) for v in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value


def _signature_inputs(saved_model: str, signature_key: str | None) -> list[str]:
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    with open(os.path.join(saved_model, "saved_model.pb"), "rb") as f:
        model.ParseFromString(f.read())
    signatures = dict(model.meta_graphs[0].signature_def)
    signatures.pop("__saved_model_init_op", None)
    key = signature_key or ("serving_default" if "serving_default" in signatures else next(iter(signatures), ""))
    return sorted(signatures[key].inputs) if key in signatures else []


def _feature(array: Any) -> Any:
    import numpy as np

    array = np.asarray(array).reshape(-1)
    if array.dtype.kind in "iub":
        return tf.train.Feature(int64_list=tf.train.Int64List(value=array.astype(np.int64)))
    if array.dtype.kind in "OSU":
        values = [v.encode() if isinstance(v, str) else v for v in array.tolist()]
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    return tf.train.Feature(float_list=tf.train.FloatList(value=array.astype(np.float32)))


def _write_samples(samples: Iterable[Any], inputs: list[str], path: str) -> int:
    """As tf.Examples, one a sample. Returns how many."""
    count = 0
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for sample in samples:
            if not isinstance(sample, dict):
                arrays = list(sample) if isinstance(sample, (list, tuple)) else [sample]
                if len(arrays) != len(inputs) or len(inputs) > 1:
                    raise ValueError(
                        f"a sample of representative_dataset is a list of {len(arrays)}; the signature has the inputs "
                        f"{', '.join(inputs)}: yield dictionaries by these names")  # fmt: skip
                sample = {inputs[0]: arrays[0]}
            example = tf.train.Example(
                features=tf.train.Features(feature={name: _feature(array) for name, array in sample.items()}))  # fmt: skip
            writer.write(example.SerializeToString())
            count += 1
    if count == 0:
        raise ValueError("representative_dataset yields no samples")
    return count


class TFLiteRewriter(rewriter.BaseRewriter):
    """TFX's arguments, and those of tfxm's RewriterOptions (quantization, limits, keep_float_layers, …) by their names.

    representative_dataset: an iterable of samples or a function that makes one, as tf.lite's; or a glob of TFRecords,
    or {"examples": …, "transform_graph": …, "sample_size": …}.
    """

    def __init__(
        self,
        name: str,
        filename: str = "tflite",
        copy_assets: bool = True,
        copy_assets_extra: bool = True,
        quantization_optimizations: Any = None,
        quantization_supported_types: Any = None,
        quantization_enable_full_integer: bool = False,
        signature_key: str | None = None,
        representative_dataset: Callable[[], Iterable[Any]] | Iterable[Any] | str | dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if quantization_enable_full_integer and representative_dataset is None:
            raise ValueError(
                "If quantization_enable_full_integer is set to `True`, then `representative_dataset` must be defined.")  # fmt: skip
        self._name = name
        self._signature_key = signature_key
        self._representative_dataset = representative_dataset
        self._options = {
            "name": name,
            "filename": os.fsdecode(filename),
            "copy_assets": copy_assets,
            "copy_assets_extra": copy_assets_extra,
            "quantization_optimizations": list(quantization_optimizations or []),
            "quantization_supported_types": list(quantization_supported_types or []),
            "quantization_enable_full_integer": quantization_enable_full_integer,
            "signature_key": signature_key,
            **kwargs,
        }

    @property
    def name(self) -> str:
        return self._name

    def _pre_rewrite_validate(self, original_model: rewriter.ModelDescription) -> None:
        if original_model.model_type != rewriter.ModelType.SAVED_MODEL:
            raise ValueError("TFLiteRewriter can only convert SavedModels.")

    def _rewrite(self, original_model: rewriter.ModelDescription, rewritten_model: rewriter.ModelDescription) -> None:
        if rewritten_model.model_type not in (rewriter.ModelType.TFLITE_MODEL, rewriter.ModelType.ANY_MODEL):
            raise ValueError("TFLiteConverter can only convert to the TFLite format.")
        src, dst = (os.path.abspath(os.fsdecode(model.path)) for model in (original_model, rewritten_model))
        options = {key: _name_of(value) for key, value in self._options.items()}
        with tempfile.TemporaryDirectory(prefix="representative_dataset-") as folder:
            data = self._representative_dataset
            if isinstance(data, (str, os.PathLike)):
                options["representative_dataset"] = {"examples": os.fspath(data)}
            elif isinstance(data, dict):
                options["representative_dataset"] = _name_of(data)
            elif data is not None:
                path = os.path.join(folder, "samples.gz")
                samples = data() if callable(data) else data
                count = _write_samples(samples, _signature_inputs(src, self._signature_key), path)
                options["representative_dataset"] = {"examples": path, "sample_size": max(count, _DEFAULT_SAMPLES)}
            engine.progress(f"rewriting with {self._name}")
            try:
                engine.call("rewrite", {"src": src, "dst": dst, "options": options})
            except RuntimeError as error:
                raise ValueError(str(error)) from None

    def _post_rewrite_validate(self, rewritten_model: rewriter.ModelDescription) -> None:
        """The engine has done it: what is there is verified, and compared with the original."""

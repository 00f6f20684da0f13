# SPDX-License-Identifier: Apache-2.0
"""transform_features_layer: a transform graph as a Keras layer, of whichever Keras tf.keras is."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def make(output: Any) -> Any:
    """`output`: the TFTransformOutput."""
    from tfxm.runtime import tf_transform_output

    class TransformFeaturesLayer(tf.keras.layers.Layer):
        """Raw features by name to transformed ones; outputs that need a feature which is not given are left out."""

        def __init__(self) -> None:
            super().__init__(name="transform_features_layer", trainable=False, autocast=False)
            self._transform = tf_transform_output.TransformFeaturesLayer(output)
            self.built = True

        def call(self, inputs: dict[str, Any]) -> dict[str, Any]:
            return self._transform(inputs)

    return TransformFeaturesLayer()

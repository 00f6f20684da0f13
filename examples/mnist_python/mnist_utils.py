# SPDX-License-Identifier: Apache-2.0
"""Module of Transform and Trainer.mnist: a SavedModel that takes serialized tf.Examples."""

import mnist_model
import tensorflow as tf
from tfx import v1 as tfx

preprocessing_fn = mnist_model.preprocessing_fn


def run_fn(fn_args: tfx.components.FnArgs) -> None:
    model, tf_transform_output = mnist_model.train(fn_args)
    model.tft_layer = tf_transform_output.transform_features_layer()  # An attribute of the model, so that it is saved.

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve_examples(examples):
        feature_spec = tf_transform_output.raw_feature_spec()
        del feature_spec[mnist_model.LABEL_KEY]  # Whoever asks for a prediction does not have it.
        return model(model.tft_layer(tf.io.parse_example(examples, feature_spec)))

    model.save(fn_args.serving_model_dir, save_format="tf", signatures={"serving_default": serve_examples})

# SPDX-License-Identifier: Apache-2.0
"""Module of Trainer.mnist_lite: the same model as a TFLite file, which takes the pixels as an app has them."""

import os

import mnist_model
import tensorflow as tf
from tfx import v1 as tfx
from tfx.components.trainer.rewriting import converters, rewriter, rewriter_factory


def run_fn(fn_args: tfx.components.FnArgs) -> None:
    model, tf_transform_output = mnist_model.train(fn_args)
    model.tft_layer = tf_transform_output.transform_features_layer()

    # Tensors instead of tf.Examples: no TFLite operator parses those.
    @tf.function(input_signature=[tf.TensorSpec([None, 784], tf.float32, name=mnist_model.IMAGE_KEY)])
    def serve_pixels(image_floats):
        return model(model.tft_layer({mnist_model.IMAGE_KEY: image_floats}))

    temporary = os.path.join(fn_args.serving_model_dir, "temp")
    model.save(temporary, save_format="tf", signatures={"serving_default": serve_pixels})
    tfrw = rewriter_factory.create_rewriter(rewriter_factory.TFLITE_REWRITER, name="tflite_rewriter")
    # Verifies the file and compares it with the SavedModel, which lies in the destination and is removed.
    converters.rewrite_saved_model(temporary, fn_args.serving_model_dir, tfrw, rewriter.ModelType.TFLITE_MODEL)

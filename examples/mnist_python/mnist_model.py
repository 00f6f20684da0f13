# SPDX-License-Identifier: Apache-2.0
"""What the two modules share: names, preprocessing, model and training. A change here counts for both, also in the cache."""

import tensorflow as tf
import tensorflow_transform as tft
from tfx import v1 as tfx
from tfx_bsl.public import tfxio

IMAGE_KEY = "image_floats"  # 784 pixels from -0.5 to 0.5.
LABEL_KEY = "image_class"  # The digit.
BATCH_SIZE = 40


def transformed_name(key: str) -> str:
    return key + "_xf"


def preprocessing_fn(inputs):
    """From raw features to those that the model takes: once over all data, then in each of the two models."""
    return {
        transformed_name(IMAGE_KEY): tft.scale_by_min_max(inputs[IMAGE_KEY], -0.5, 0.5),
        # As it is: the Evaluator compares with the raw label.
        transformed_name(LABEL_KEY): inputs[LABEL_KEY],
    }


def build_model(train_steps: int) -> tf.keras.Model:
    model = tf.keras.Sequential(
        [
            tf.keras.Input((784,), name=transformed_name(IMAGE_KEY)),
            tf.keras.layers.Dense(64, activation="relu"),
            tf.keras.layers.Dropout(0.2),
            tf.keras.layers.Dense(64, activation="relu"),
            tf.keras.layers.Dropout(0.2),
            tf.keras.layers.Dense(10),
        ]
    )
    # Falls to zero over the training; at a constant rate the weights end wherever the last batches left them.
    learning_rate = tf.keras.optimizers.schedules.CosineDecay(0.0015, decay_steps=train_steps)
    model.compile(
        optimizer=tf.keras.optimizers.RMSprop(learning_rate),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["sparse_categorical_accuracy"],
    )
    return model


def train(fn_args: tfx.components.FnArgs) -> tuple[tf.keras.Model, tft.TFTransformOutput]:
    """A trained model that takes transformed features, and what transforms them."""
    tf_transform_output = tft.TFTransformOutput(fn_args.transform_output)
    options = tfxio.TensorFlowDatasetOptions(batch_size=BATCH_SIZE, label_key=transformed_name(LABEL_KEY))

    def dataset(files: list[str]) -> tf.data.Dataset:
        schema = tf_transform_output.transformed_metadata.schema
        return fn_args.data_accessor.tf_dataset_factory(files, options, schema).repeat()

    tf.keras.utils.set_random_seed(1)
    model = build_model(fn_args.train_steps)
    model.fit(
        dataset(fn_args.train_files),
        steps_per_epoch=fn_args.train_steps,
        validation_data=dataset(fn_args.eval_files),
        validation_steps=fn_args.eval_steps,
        callbacks=[tf.keras.callbacks.TensorBoard(log_dir=fn_args.model_run_dir, update_freq="epoch")],
    )
    return model, tf_transform_output

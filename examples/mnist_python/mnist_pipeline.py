# SPDX-License-Identifier: Apache-2.0
"""The MNIST mobile pipeline in Python: one model trained twice, kept once as a SavedModel and once as a TFLite file, and
both judged by the same Evaluator.

  tfxm run examples/mnist_python/mnist_pipeline.py --data_root=DIR --train_steps=5000

leaves serving_model/VERSION/, serving_model_lite/VERSION/tflite and report.html in runs/mnist_python.
"""

import argparse
import os

import tensorflow_model_analysis as tfma
from google.protobuf import text_format
from tfxm import v1 as tfx

NAME = "mnist_python"
HERE = os.path.dirname(os.path.abspath(__file__))

EVAL_CONFIG = """
  model_specs { label_key: "image_class" }
  slicing_specs {}
  metrics_specs {
    metrics {
      class_name: "SparseCategoricalAccuracy"
      threshold { value_threshold { lower_bound { value: %f } } }
    }
    metrics { class_name: "SparseCategoricalCrossentropy" config: '{"name": "loss", "from_logits": true}' }
    metrics { class_name: "ExampleCount" }
  }
"""


def create_pipeline(data_root: str, output: str, train_steps: int, accuracy_threshold: float) -> tfx.dsl.Pipeline:
    # TFRecords of tf.Examples; two thirds become the split train, one third eval.
    example_gen = tfx.components.ImportExampleGen(input_base=data_root)
    statistics_gen = tfx.components.StatisticsGen(examples=example_gen.outputs["examples"])
    schema_gen = tfx.components.SchemaGen(statistics=statistics_gen.outputs["statistics"], infer_feature_shape=True)
    example_validator = tfx.components.ExampleValidator(
        statistics=statistics_gen.outputs["statistics"], schema=schema_gen.outputs["schema"]
    )
    transform = tfx.components.Transform(
        examples=example_gen.outputs["examples"],
        schema=schema_gen.outputs["schema"],
        module_file=os.path.join(HERE, "mnist_utils.py"),
    )

    def branch(name: str, module: str, model_type: str, serving_model: str) -> list:
        """Trains, judges and pushes: the same for both kinds of model but for the module and one word of the config."""
        trainer = tfx.components.Trainer(
            module_file=os.path.join(HERE, module),
            examples=transform.outputs["transformed_examples"],
            transform_graph=transform.outputs["transform_graph"],
            schema=schema_gen.outputs["schema"],
            train_args=tfx.proto.TrainArgs(num_steps=train_steps),
            eval_args=tfx.proto.EvalArgs(num_steps=100),
        ).with_id(f"Trainer.{name}")
        eval_config = text_format.Parse(EVAL_CONFIG % accuracy_threshold, tfma.EvalConfig())
        eval_config.model_specs[0].model_type = model_type
        # Raw examples: each kind of model has the preprocessing in it.
        evaluator = tfx.components.Evaluator(
            examples=example_gen.outputs["examples"], model=trainer.outputs["model"], eval_config=eval_config
        ).with_id(f"Evaluator.{name}")
        pusher = tfx.components.Pusher(
            model=trainer.outputs["model"],
            model_blessing=evaluator.outputs["blessing"],
            push_destination=tfx.proto.PushDestination(
                filesystem=tfx.proto.PushDestination.Filesystem(base_directory=os.path.join(output, serving_model))
            ),
        ).with_id(f"Pusher.{name}")
        return [trainer, evaluator, pusher]

    return tfx.dsl.Pipeline(
        pipeline_name=NAME,
        pipeline_root=os.path.join(output, "pipeline_root"),
        components=[
            example_gen,
            statistics_gen,
            schema_gen,
            example_validator,
            transform,
            *branch("mnist", "mnist_utils.py", "", "serving_model"),
            *branch("mnist_lite", "mnist_utils_lite.py", "tf_lite", "serving_model_lite"),
        ],
        enable_cache=True,
        metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
            os.path.join(output, "metadata.db")
        ),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data_root", required=True, help="a folder of TFRecords with the features image_floats and image_class")
    parser.add_argument("--train_steps", type=int, default=5000)
    parser.add_argument("--accuracy_threshold", type=float, default=0.8, help="what a model must reach to be pushed")
    args = parser.parse_args()
    # Where `tfxm run` puts the report of a pipeline of this name.
    output = os.path.abspath(os.path.join("runs", NAME))
    tfx.orchestration.LocalDagRunner().run(
        create_pipeline(os.path.abspath(args.data_root), output, args.train_steps, args.accuracy_threshold)
    )

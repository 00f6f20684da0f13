# SPDX-License-Identifier: Apache-2.0
"""tfxm.v1 as a library: a pipeline that a Python program makes and runs."""

from __future__ import annotations

import os
import unittest
from unittest import mock

from support.pipelines import PipelineFileTest

from tfxm import v1 as tfx
from tfxm.dsl import compiler, conditional
from tfxm.orchestration.runner import RunError

artifacts = tfx.types.standard_artifacts


def _pipeline(components: list[tfx.types.BaseNode], **parameters: object) -> tfx.dsl.Pipeline:
    metadata = tfx.orchestration.metadata.sqlite_metadata_connection_config("metadata.db")
    return tfx.dsl.Pipeline(
        pipeline_name="p", pipeline_root="root", components=components, metadata_connection_config=metadata, **parameters
    )


class RunnerTest(PipelineFileTest):
    def run_on(self, engine: str) -> None:
        path = self.write("other_engine", engine)
        os.chmod(path, 0o755)
        with mock.patch.dict(os.environ, TFXM_ENGINE=path, TFXM_TEST_FOLDER=self.folder):
            tfx.orchestration.LocalDagRunner().run(_pipeline([tfx.components.ImportSchemaGen(schema_file="s")]))

    def test_runs_the_engine_and_returns(self) -> None:
        self.run_on('#!/bin/sh\ncp "${2#--ir=}" "$TFXM_TEST_FOLDER/ir"\necho "$TFXM_PYTHON" > "$TFXM_TEST_FOLDER/python"\n')
        self.assertIn('id: "ImportSchemaGen"', self.ir_text())

    def test_a_failure_is_an_exception(self) -> None:
        with self.assertRaisesRegex(RunError, "pipeline p: the engine ended with status 3") as raised:
            self.run_on("#!/bin/sh\nexit 3\n")
        self.assertEqual(raised.exception.status, 3)

    def test_an_interruption_is_one_here(self) -> None:
        with self.assertRaises(KeyboardInterrupt):
            self.run_on("#!/bin/sh\nexit 130\n")


class DslTest(unittest.TestCase):
    def test_nodes_are_in_the_order_of_their_dependencies(self) -> None:
        gen = tfx.components.ImportExampleGen(input_base="data")
        statistics = tfx.components.StatisticsGen(examples=gen.outputs["examples"])
        other = tfx.components.ImportSchemaGen(schema_file="s").with_id("A")
        other.add_upstream_node(statistics)
        pipeline = _pipeline([other, statistics, gen])
        self.assertEqual([node.id for node in pipeline.components], ["ImportExampleGen", "StatisticsGen", "A"])

    def test_what_is_wrong_with_a_pipeline_is_named(self) -> None:
        gen = tfx.components.ImportExampleGen(input_base="data")
        statistics = tfx.components.StatisticsGen(examples=gen.outputs["examples"])
        with self.assertRaisesRegex(ValueError, "StatisticsGen needs ImportExampleGen, which is not among its components"):
            _pipeline([statistics])
        with self.assertRaisesRegex(ValueError, "two nodes have the id StatisticsGen"):
            _pipeline([gen, statistics, tfx.components.StatisticsGen(examples=gen.outputs["examples"])])
        gen.add_upstream_node(statistics)
        with self.assertRaisesRegex(ValueError, "wait for each other in a cycle: "):
            _pipeline([gen, statistics])

    def test_messages_may_be_dicts(self) -> None:
        trainer = tfx.components.Trainer(
            examples=tfx.components.ImportExampleGen(input_base="data").outputs["examples"],
            module_file="m.py",
            train_args={"num_steps": 5},
        )
        self.assertEqual(trainer.exec_properties["train_args"], '{"num_steps": 5}')
        with self.assertRaisesRegex(TypeError, r"Trainer\(eval_args=…\): .*num_stepz"):
            tfx.components.Trainer(
                examples=tfx.components.ImportExampleGen(input_base="data").outputs["examples"],
                module_file="m.py",
                eval_args={"num_stepz": 5},
            )
        with self.assertRaisesRegex(TypeError, r"expected a tfx\.components\.trainer\.TrainArgs, got EvalArgs"):
            tfx.components.Trainer(
                examples=tfx.components.ImportExampleGen(input_base="data").outputs["examples"],
                module_file="m.py",
                train_args=tfx.proto.EvalArgs(),
            )

    def test_splits_are_two_to_one_unless_the_input_has_several(self) -> None:
        one = tfx.components.ImportExampleGen(input_base="data")
        self.assertIn('"hash_buckets": 2', one.exec_properties["output_config"])
        splits = [tfx.proto.Input.Split(name=name, pattern=name + "/*") for name in ("train", "eval")]
        several = tfx.components.ImportExampleGen(input_base="data", input_config=tfx.proto.Input(splits=splits))
        self.assertEqual(several.exec_properties["output_config"], "{}")

    def test_a_span_range_is_the_strategys_config(self) -> None:
        resolver = tfx.dsl.Resolver(
            strategy_class=tfx.dsl.experimental.SpanRangeStrategy,
            config={"range_config": tfx.proto.RangeConfig(rolling_range=tfx.proto.RollingRange(num_spans=2))},
            examples=tfx.dsl.Channel(type=artifacts.Examples),
        )
        ir = compiler.compile_pipeline(_pipeline([resolver]))
        graph = ir.nodes[0].pipeline_node.inputs.input_graphs["graph_1"]
        config = graph.nodes["op_1"].op_node.kwargs["range_config"].value
        self.assertEqual(config.field_value.string_value.split(), '{ "rolling_range": { "num_spans": 2 } }'.split())
        self.assertEqual(config.schema.value_type.proto_type.message_type, "tfx.configs.RangeConfig")

    def test_data_are_compared_with_other_data(self) -> None:
        gen, other = (tfx.components.ImportExampleGen(input_base=base).with_id(base) for base in ("today", "yesterday"))
        statistics, before = (tfx.components.StatisticsGen(examples=g.outputs["examples"]).with_id(g.id + "_s") for g in (gen, other))
        config = tfx.proto.DistributionValidatorConfig()
        config.default_slice_config.feature.add(path={"step": ["a"]}).distribution_comparator.infinity_norm.threshold = 0.5
        validator = tfx.components.DistributionValidator(
            statistics=statistics.outputs["statistics"],
            baseline_statistics=before.outputs["statistics"],
            config=config,
            include_split_pairs=[("train", "eval")],
        )
        diff = tfx.components.ExampleDiff(
            examples_test=gen.outputs["examples"],
            examples_base=other.outputs["examples"],
            config=tfx.proto.ExampleDiffConfig(paired_example_skew=tfx.proto.PairedExampleSkew(identifier_features=["id"])),
        )
        ir = compiler.compile_pipeline(_pipeline([gen, other, statistics, before, validator, diff]))
        nodes = {node.pipeline_node.node_info.id: node.pipeline_node for node in ir.nodes}
        self.assertEqual(validator.exec_properties["include_split_pairs"], '[["train", "eval"]]')
        self.assertIn('"threshold": 0.5', validator.exec_properties["distribution_validator_config"])
        self.assertEqual(nodes["DistributionValidator"].inputs.inputs["baseline_statistics"].min_count, 0, "a Resolver may find none")
        self.assertEqual(diff.exec_properties["include_split_pairs"], "null")
        self.assertEqual(sorted(nodes["ExampleDiff"].inputs.inputs), ["baseline_examples", "examples"])
        self.assertEqual(nodes["ExampleDiff"].outputs.outputs["example_diff_result"].artifact_spec.type.name, "ExamplesDiff")
        with self.assertRaisesRegex(TypeError, r"ExampleDiff\(config=…\) is missing"):
            tfx.components.ExampleDiff(examples_test=gen.outputs["examples"], examples_base=other.outputs["examples"])

    def test_sequence_examples_are_a_payload_format(self) -> None:
        gen = tfx.components.ImportExampleGen(input_base="d", payload_format=tfx.proto.PayloadFormat.FORMAT_TF_SEQUENCE_EXAMPLE)
        self.assertEqual(gen.exec_properties["output_data_format"], 7)
        with self.assertRaisesRegex(NotImplementedError, "FORMAT_TF_SEQUENCE_EXAMPLE"):
            tfx.components.ImportExampleGen(input_base="d", payload_format=tfx.proto.PayloadFormat.FORMAT_PROTO)

    def test_conditions_are_what_tfx_makes_of_them(self) -> None:
        gen = tfx.components.ImportExampleGen(input_base="data")
        importer = tfx.dsl.Importer(source_uri="m", artifact_type=artifacts.Model)
        blessing = tfx.dsl.Importer(source_uri="b", artifact_type=artifacts.ModelBlessing).with_id("blessing")
        model = importer.outputs["result"]
        destination = {"filesystem": {"base_directory": "s"}}
        with tfx.dsl.Cond(blessing.outputs["result"].future()[0].custom_property("blessed") == 1):
            with tfx.dsl.Cond(conditional.logical_and(model.future()[0].value > 1, model.future()[0].uri != "")):
                pusher = tfx.components.Pusher(model=model, push_destination=destination)
        outside = tfx.components.Pusher(model=model, push_destination=destination).with_id("outside")
        ir = compiler.compile_pipeline(_pipeline([gen, importer, blessing, pusher, outside]))
        nodes = {node.pipeline_node.node_info.id: node.pipeline_node for node in ir.nodes}
        node = nodes["Pusher"]
        self.assertEqual(list(node.upstream_nodes), ["Importer", "blessing"])
        self.assertEqual(node.inputs.inputs["_blessing.result"].min_count, 1)
        first = node.inputs.conditionals["cond_1"].placeholder_expression.operator.compare_op
        self.assertEqual((first.rhs.value.int_value, first.op), (1, 1))
        artifact = first.lhs.operator.artifact_property_op
        self.assertEqual((artifact.key, artifact.is_custom_property), ("blessed", True))
        self.assertEqual(artifact.expression.operator.index_op.expression.placeholder.key, "_blessing.result")
        both = node.inputs.conditionals["cond_2"].placeholder_expression.operator.binary_logical_op
        unequal = both.rhs.operator.unary_logical_op.expression.operator.compare_op
        uri = unequal.lhs.operator.artifact_uri_op.expression.operator.index_op.expression.placeholder
        self.assertEqual(uri.key, "model", "an input that the node has already")
        self.assertFalse(nodes["outside"].inputs.conditionals)

    def test_a_condition_is_no_python_bool(self) -> None:
        blessed = tfx.dsl.Importer(source_uri="b", artifact_type=artifacts.ModelBlessing).outputs["result"].future()[0].value
        for wrong in (lambda: bool(blessed == 1), lambda: tfx.dsl.Cond(blessed), lambda: blessed == [1], lambda: 1 < blessed < 3):
            with self.assertRaises(TypeError):
                wrong()

    def test_retries_and_a_time_limit(self) -> None:
        options = tfx.dsl.experimental.NodeExecutionOptions(max_execution_retries=2, execution_timeout_sec=60)
        gen = tfx.components.ImportExampleGen(input_base="data").with_node_execution_options(options)
        compiled = compiler.compile_pipeline(_pipeline([gen])).nodes[0].pipeline_node.execution_options
        self.assertEqual((compiled.max_execution_retries, compiled.execution_timeout_sec, compiled.strategy), (2, 60, 1))
        with self.assertRaisesRegex(NotImplementedError, r"NodeExecutionOptions\(success_optional=…\)"):
            tfx.dsl.experimental.NodeExecutionOptions(success_optional=True)

    def test_what_is_not_there_yet_says_so(self) -> None:
        gen = tfx.components.ImportExampleGen(input_base="data")
        with self.assertRaisesRegex(NotImplementedError, "execution_mode ASYNC"):
            _pipeline([gen], execution_mode=tfx.dsl.ExecutionMode.ASYNC)
        with self.assertRaisesRegex(AttributeError, "no tfx.components.InfraValidator: an Evaluator runs the TFLite file itself"):
            tfx.components.InfraValidator
        with self.assertRaisesRegex(AttributeError, "no tfx.util; did you mean utils"):
            tfx.util


if __name__ == "__main__":
    unittest.main()

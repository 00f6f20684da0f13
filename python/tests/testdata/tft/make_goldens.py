#!/usr/bin/env python
# SPDX-License-Identifier: Apache-2.0
"""What TensorFlow Transform makes of data.tfrecord.gz with the preprocessing_fn of each file in modules/: goldens/NAME.json.
A module's DATA names other data and their schema: tensors (what a schema's tensor_representation_group can say), sequences
(tf.SequenceExamples).

    pip install tfx==1.15.1
    python make_goldens.py [NAME …]

Made with TensorFlow Transform 1.15.0 and TensorFlow 2.15.1. The examples are one batch: of scale_to_gaussian and Tukey's
parameters TFT takes the mean of what its batches give. A golden has the features of the examples in the order of their ids,
the schema and the lines (records) of the assets.
"""

import glob
import importlib
import json
import os
import random
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import apache_beam as beam
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder
from tfx_bsl.tfxio import tf_example_record, tf_sequence_example_record

HERE = os.path.dirname(os.path.abspath(__file__))
WORDS = "the red green blue cat dog runs sleeps fast never again".split()


def examples():
    rng = random.Random(20261130)
    for i in range(240):
        count = rng.choice([0, 1, 1, 2, 3, 5])
        yield {
            "id": [i],
            "x": [rng.gauss(1, 2) * (3 if rng.random() < 0.1 else 1)],
            "y": [rng.expovariate(0.5), rng.gauss(-3, 0.2), rng.uniform(0, 50)],
            "n": [int(rng.paretovariate(1.2))],
            "w": [rng.choice([0.25, 0.5, 1.0, 2.0, 3.5])],
            "k": [rng.choices([b"de", b"fr", b"us", b"jp", b"ch"], [5, 3, 3, 2, 1])[0]],
            "t": [" ".join(rng.choice(WORDS) for _ in range(rng.choice([0, 1, 2, 4, 4, 7]))).encode()],
            "label": [rng.choices([0, 1, 2], [5, 3, 1])[0]],
            "s": [rng.choices([b"a", b"ab", b"b", b"bc", b"c", b"ca", b"d"], range(7, 0, -1))[0] for _ in range(rng.randrange(5))],
            "q": [rng.choice([b"u", b"v"]) for _ in range(count)],
            "v": [rng.gauss(0, 3) for _ in range(count)],
            "c": [rng.choice([3, 17, -4, 1000]) for _ in range(rng.randrange(4))],
        }


def tensors():
    rng = random.Random(20261201)
    for i in range(90):
        cells = sorted(rng.sample([(r, c) for r in range(6) for c in range(4)], rng.randrange(6)))
        places = sorted(rng.sample(range(40), rng.randrange(4)))
        pages = [[rng.randrange(4) for _ in range(rng.randrange(4))] for _ in range(rng.randrange(3))]
        lines = [length for page in pages for length in page]
        yield {
            "id": [i],
            "score": [rng.gauss(0, 2)] if rng.random() < 0.7 else [],
            "pair": [rng.randrange(50), rng.randrange(-5, 5)] if rng.random() < 0.8 else [],
            "name": [rng.choice([b"ann", b"bob", b"cy"])] if rng.random() < 0.8 else [],
            "row": [r for r, _ in cells],
            "column": [c for _, c in cells],
            "cell": [rng.uniform(-9, 9) for _ in cells],
            "place": places,
            "at_place": [rng.choice([b"x", b"yy", b"zzz"]) for _ in places],
            "tags": [rng.choice([b"new", b"old", b"sale"]) for _ in range(rng.randrange(4))],
            "boxes": [rng.uniform(0, 100) for _ in range(4 * rng.randrange(3))],
            "words": [rng.choice(WORDS).encode() for _ in range(sum(lines))],
            "line_lengths": lines,
            "page_lengths": [len(page) for page in pages],
            "pixel_rows": [n for n in [rng.randrange(3) for _ in range(rng.randrange(3))]],
            "rest": [rng.uniform(1, 2) for _ in range(rng.randrange(3))],
        }


def with_pixels(rows):
    rng = random.Random(5)
    for row in rows:
        yield {**row, "pixels": [rng.randrange(256) for _ in range(6 * sum(row["pixel_rows"]))]}


def sequences():
    rng = random.Random(20261202)
    for i in range(80):
        steps = range(rng.randrange(5))
        context = {
            "id": [i],
            "user": [rng.choice([b"u1", b"u2", b"u3"])] if rng.random() < 0.8 else [],
            "weight": [rng.uniform(0, 3)] if rng.random() < 0.6 else [],
        }
        lists = {
            "tokens": [[rng.choice(WORDS).encode() for _ in range(rng.randrange(4))] for _ in steps],
            "values": [[rng.gauss(2, 1) for _ in range(rng.randrange(3))] for _ in steps],
            "points": [[rng.randrange(100) for _ in range(2 * rng.randrange(3))] for _ in steps],
            "clicks": [[rng.randrange(1000)] for _ in range(rng.randrange(6))],
        }
        yield context, {name: each for name, each in lists.items() if each}


KINDS = {float: lambda v: tf.train.Feature(float_list=tf.train.FloatList(value=v)),
         int: lambda v: tf.train.Feature(int64_list=tf.train.Int64List(value=v)),
         bytes: lambda v: tf.train.Feature(bytes_list=tf.train.BytesList(value=v))}  # fmt: skip


def features_of(example):
    return tf.train.Features(feature={name: KINDS[type(values[0])](values) for name, values in example.items() if values})


def sequence_example(context, lists):
    kinds = {"tokens": bytes, "values": float, "points": int, "clicks": int}
    feature_list = {name: tf.train.FeatureList(feature=[KINDS[kinds[name]](step) for step in steps]) for name, steps in lists.items()}
    return tf.train.SequenceExample(context=features_of(context), feature_lists=tf.train.FeatureLists(feature_list=feature_list))


def write_data():
    records = {
        "data": (tf.train.Example(features=features_of(e)) for e in examples()),
        "tensors": (tf.train.Example(features=features_of(e)) for e in with_pixels(tensors())),
        "sequences": (sequence_example(*e) for e in sequences()),
    }
    for name, messages in records.items():
        with tf.io.TFRecordWriter(os.path.join(HERE, name + ".tfrecord.gz"), "GZIP") as writer:
            for message in messages:
                writer.write(message.SerializeToString(deterministic=True))


def encode(pair, metadata):
    return RecordBatchToExamplesEncoder(metadata.schema).encode(pair[0])


def transform(preprocessing_fn, data, schema, folder):
    kind = tf_sequence_example_record.TFSequenceExampleRecord if data == "sequences" else tf_example_record.TFExampleRecord
    tfxio = kind(os.path.join(HERE, data + ".tfrecord.gz"), schema=schema, telemetry_descriptors=["goldens"])
    with beam.Pipeline() as pipeline, tft_beam.Context(temp_dir=folder, desired_batch_size=1000):
        raw = pipeline | tfxio.BeamSource(batch_size=1000)
        (data, metadata), function = (raw, tfxio.TensorAdapterConfig()) | tft_beam.AnalyzeAndTransformDataset(
            preprocessing_fn, output_record_batches=True)  # fmt: skip
        _ = function | tft_beam.WriteTransformFn(os.path.join(folder, "graph"))
        deferred = beam.pvalue.AsSingleton(metadata.deferred_metadata)
        _ = data | beam.FlatMap(encode, deferred) | beam.io.WriteToTFRecord(os.path.join(folder, "examples"))


def rounded(value):
    return float(f"{value:.9g}") if isinstance(value, float) else value


def columns(pattern):
    records = [r.numpy() for path in sorted(glob.glob(pattern)) for r in tf.data.TFRecordDataset(path)]
    features = [tf.train.Example.FromString(r).features.feature for r in records]
    features.sort(key=lambda f: f["id"].int64_list.value[0])
    result = {}
    for name in sorted(set().union(*features)):
        kinds = {f[name].WhichOneof("kind") for f in features if name in f} - {None}
        rows = [list(getattr(f[name], f[name].WhichOneof("kind")).value) if name in f and f[name].WhichOneof("kind") else [] for f in features]
        rows = [[v.decode() if isinstance(v, bytes) else rounded(v) for v in row] for row in rows]
        same = all(row == rows[0] for row in rows)
        result[name] = {"kind": kinds.pop(), "all" if same else "rows": rows[0] if same else rows}
    return result


def assets(folder):
    result = {}
    for path in sorted(glob.glob(os.path.join(folder, "*"))):
        if path.endswith(".gz"):
            lines = [r.numpy() for r in tf.data.TFRecordDataset(path, compression_type="GZIP")]
        else:
            with open(path, "rb") as f:
                lines = f.read().splitlines()
        result[os.path.basename(path)] = [line.decode() for line in lines]
    return result


def main():
    write_data()
    sys.path.insert(0, os.path.join(HERE, "modules"))
    names = sys.argv[1:] or sorted(os.path.basename(p)[:-3] for p in glob.glob(os.path.join(HERE, "modules", "*.py")))
    os.makedirs(os.path.join(HERE, "goldens"), exist_ok=True)
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            module = importlib.import_module(name)
            data = getattr(module, "DATA", "data")
            with open(os.path.join(HERE, "schema.pbtxt" if data == "data" else data + ".pbtxt")) as f:
                schema = text_format.Parse(f.read(), schema_pb2.Schema())
            transform(module.preprocessing_fn, data, schema, folder)
            output = tft.TFTransformOutput(os.path.join(folder, "graph"))
            golden = {
                "columns": columns(os.path.join(folder, "examples*")),
                "schema": text_format.MessageToString(output.transformed_metadata.schema),
                "assets": assets(os.path.join(output.transform_savedmodel_dir, "assets")),
            }
        with open(os.path.join(HERE, "goldens", name + ".json"), "w") as f:
            json.dump(golden, f, separators=(",", ":"), sort_keys=True)
        print(name, {k: len(v) for k, v in golden.items()})


if __name__ == "__main__":
    main()

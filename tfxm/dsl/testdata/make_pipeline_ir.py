# SPDX-License-Identifier: Apache-2.0
"""Writes mnist_pipeline_ir.pbtxt with TFX 1.15.1 (Python 3.10): python make_pipeline_ir.py MNIST_PIPELINE_NATIVE_KERAS_PY

The argument is the guide's pipeline, tfx/examples/mnist/mnist_pipeline_native_keras.py of the TFX 1.15.1 sources. Not part of the build
or the tests.
"""
import importlib.util
import os
import sys

from google.protobuf import text_format
from tfx.dsl.compiler import compiler

ROOT = '/reference'  # Where all paths in it begin.


def main():
  spec = importlib.util.spec_from_file_location('mnist_pipeline', sys.argv[1])
  guide = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(guide)
  mnist = os.path.join(ROOT, 'mnist')
  pipeline = guide._create_pipeline(  # pylint: disable=protected-access
      pipeline_name='mnist_native_keras',
      pipeline_root=os.path.join(ROOT, 'tfx', 'pipelines', 'mnist_native_keras'),
      data_root=os.path.join(mnist, 'data'),
      module_file=os.path.join(mnist, 'mnist_utils_native_keras.py'),
      module_file_lite=os.path.join(mnist, 'mnist_utils_native_keras_lite.py'),
      serving_model_dir=os.path.join(mnist, 'serving_model', 'mnist_native_keras'),
      serving_model_dir_lite=os.path.join(mnist, 'serving_model_lite', 'mnist_native_keras'),
      metadata_path=os.path.join(ROOT, 'tfx', 'metadata', 'mnist_native_keras', 'metadata.db'),
      beam_pipeline_args=[],
      accuracy_threshold=0.8)
  here = os.path.dirname(os.path.abspath(__file__))
  with open(os.path.join(here, 'mnist_pipeline_ir.pbtxt'), 'w') as f:
    f.write(text_format.MessageToString(compiler.Compiler().compile(pipeline), as_utf8=True))


if __name__ == '__main__':
  main()

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes what a release of tfxm leaves on disk, small, for earlier_releases_test.cc: run once for each release, with its build, from the
# project's folder; commit the folder that it makes.
#
#   tfxm/orchestration/testdata/releases/make_release.sh build
set -euo pipefail
for name in ${!TF_@}; do unset "$name"; done  # They are part of a cache key.
build=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
project=$(realpath "$here/../../../..")
folder=$here/$("$build/tfxm" --version | cut -d' ' -f2)
work=/var/tmp/tfxm-release  # Its name stands in the files: always the same, and nobody's home.
rm -rf "$work" "$folder"
mkdir -p "$work" "$folder"
cd "$work"
cp -r "$project/examples/mnist" example
cp -r "$(python3 "$project/examples/mnist/data/fetch_mnist.py" --converter "$build/mnist_to_tfrecord" --images 500)" data
# Twice: the second run has cached nodes, and a model that disagrees with the first one's.
for steps in 20 60; do
  "$build/tfxm" run example/mnist_pipeline_native_keras.cc --data_root=data --output=run --train_steps=$steps --accuracy_threshold=0.1
done
mapfile -t lite < <(ls -v run/pipeline_root/Trainer.mnist_lite/model/*/Format-Serving/tflite)
mapfile -t saved < <(ls -dv run/pipeline_root/Trainer.mnist/model/*/Format-Serving)
"$build/tfxm" evaluate --model=saved_model="${saved[-1]}" --model=lite="${lite[-1]}" --model=first="${lite[0]}" \
  --data="$(echo run/pipeline_root/ImportExampleGen/examples/*/Split-eval)" --label=image_class --disagreements=1 --output="$folder/evaluation"
mapfile -t keys < <(ls -v run/pipeline_root/Trainer.mnist/.system/executor_execution/*/cache_key.json)
cp "${keys[0]}" "$folder/cache_key.json"
cp run/metadata.db "$folder/"
sqlite3 "$folder/metadata.db" 'PRAGMA page_size=512; VACUUM;'  # Small pages: half of the tables are empty.
rm -rf "$work"

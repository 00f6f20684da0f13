#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs a build, moves it, and builds and runs a project against it that knows nothing else of tfxm.

  package_test.py BUILD_DIR
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def run(*command, **options):
    done = subprocess.run(command, text=True, capture_output=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\nended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(condition, message):
    if not condition:
        sys.exit(message)


def main():
    build = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(dir=build) as tmp:
        first, prefix, project = (os.path.join(tmp, name) for name in ("first", "moved/to here", "project"))
        run("cmake", "--install", build, "--prefix", first)
        os.makedirs(os.path.dirname(prefix))
        os.rename(first, prefix)

        run(sys.executable, os.path.join(ROOT, "cmake/check_runpath.py"), prefix)
        program = os.path.join(prefix, "bin/tfxm")
        expect(run(program, "--version").startswith("tfxm "), "the installed program does not say its version")
        licences = os.path.join(prefix, "share/doc/tfxm/licences")
        with open(os.path.join(licences, "README.md"), encoding="utf-8") as f:
            text = f.read()
        for name in ("TensorFlow", "LiteRT", "Chart.js"):
            expect(name in text, f"the list of licences lacks {name}")
        for part in text.split("](")[1:]:
            path = os.path.join(licences, part.split(")")[0])
            expect(os.path.getsize(path) > 500, f"{path} is not a licence")

        run("cmake", "-S", HERE, "-B", project, f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release")
        run("cmake", "--build", project)
        example = os.path.join(project, "package_test")
        libraries = run("ldd", example)
        expect("libtfxm_model_analysis" in libraries and "not found" not in libraries, libraries)
        expect("libtensorflow_cc" not in libraries, "evaluating a TFLite file needs libtensorflow_cc:\n" + libraries)
        data = os.path.join(ROOT, "tfxm/model_analysis/testdata/mnist")
        printed = run(example, f"{data}/tflite", f"{data}/data.tfrecord.gz", "image_class", cwd=tmp)
        expect(printed == "", f"a library prints to standard output: {printed!r}")
        shutil.rmtree(prefix)


if __name__ == "__main__":
    main()

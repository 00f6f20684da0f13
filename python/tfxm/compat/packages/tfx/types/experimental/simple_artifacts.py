# SPDX-License-Identifier: Apache-2.0
"""tfx.types.experimental.simple_artifacts: types without properties, for components of one's own."""

from tfxm.dsl.artifact import Artifact


class Dataset(Artifact):
    TYPE_NAME = "Dataset"


class File(Artifact):
    TYPE_NAME = "File"


class Statistics(Artifact):
    TYPE_NAME = "Statistics"


class Metrics(Artifact):
    TYPE_NAME = "Metrics"

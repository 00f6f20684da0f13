# SPDX-License-Identifier: Apache-2.0
"""The engine without a pipeline, for notebooks and scripts: tfxm.evaluate, tfxm.rewrite, tfxm.inspect, tfxm.statistics, …"""

from tfxm.library.data import Anomalies, Schema, Statistics, infer_schema, statistics, validate
from tfxm.library.engine_call import EngineError
from tfxm.library.evaluation import Evaluation, evaluate, load_evaluation
from tfxm.library.model_file import Inspection, Rewriting, inspect, rewrite
from tfxm.library.statistics_page import StatisticsPage, visualize_statistics

__all__ = [
    "Anomalies",
    "EngineError",
    "Evaluation",
    "Inspection",
    "Rewriting",
    "Schema",
    "Statistics",
    "StatisticsPage",
    "evaluate",
    "infer_schema",
    "inspect",
    "load_evaluation",
    "rewrite",
    "statistics",
    "validate",
    "visualize_statistics",
]

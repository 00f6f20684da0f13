# SPDX-License-Identifier: Apache-2.0
"""tensorflow_data_validation: statistics, schemas and anomalies, computed by the engine; without Beam, Arrow and TensorFlow.

Beam's pipeline_options are accepted and have no effect. Of StatsOptions, the five that are code or vocabularies are refused.
"""

from typing import Any

from tensorflow_data_validation.display import (
    compare_slices,
    display_anomalies,
    display_schema,
    get_statistics_html,
    visualize_statistics,
)
from tensorflow_data_validation.files import (
    get_feature_stats,
    get_slice_stats,
    load_anomalies_text,
    load_schema_text,
    load_statistics,
    load_stats_binary,
    load_stats_text,
    write_anomalies_text,
    write_schema_text,
    write_stats_text,
)
from tensorflow_data_validation.schema_functions import get_domain, get_feature, set_domain
from tensorflow_data_validation.stats_options import StatsOptions
from tensorflow_data_validation.types import FeaturePath
from tensorflow_data_validation.work import (
    generate_statistics_from_csv,
    generate_statistics_from_dataframe,
    generate_statistics_from_tfrecord,
    infer_schema,
    update_schema,
    validate_statistics,
)

__version__ = "1.15.1"  # Whose behaviour it is.


def __getattr__(name: str) -> Any:
    from tfxm import compat

    raise compat.missing(__name__, name, globals())

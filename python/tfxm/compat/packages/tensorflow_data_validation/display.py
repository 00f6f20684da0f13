# SPDX-License-Identifier: Apache-2.0
"""In a notebook: tables and the page of statistics, which need no network. Where IPython is not installed tables are printed."""

from __future__ import annotations

from typing import Any

from tensorflow_data_validation.checks import anomalies_pb2, expect, expect_schema, expect_statistics, statistics_pb2
from tensorflow_data_validation.files import get_slice_stats
from tensorflow_data_validation.types import FeaturePath

from tfxm import library


def _display(shown: Any) -> None:
    try:
        from IPython.display import display
    except ImportError:
        print(shown)
        return
    display(shown)


def display_schema(schema: Any) -> None:
    expect_schema(schema)
    _display(library.Schema(schema))


def display_anomalies(anomalies: Any) -> None:
    expect("anomalies", anomalies, anomalies_pb2.Anomalies, "an")
    _display(library.Anomalies(anomalies))


def _chosen(statistics: Any, name: str, allowlist: list[FeaturePath] | None, denylist: list[FeaturePath] | None) -> Any:
    expect_statistics(name, statistics)
    datasets = list(statistics.datasets)
    dataset = datasets[0] if len(datasets) == 1 else next((d for d in datasets if d.name == "All Examples"), None)
    if dataset is None:
        raise ValueError("Missing default slice")
    chosen = statistics_pb2.DatasetFeatureStatistics()
    chosen.CopyFrom(dataset)
    del chosen.features[:]
    for feature in dataset.features:
        path = FeaturePath.from_proto(feature.path)
        if (allowlist is None or path in allowlist) and (denylist is None or path not in denylist):
            chosen.features.add().CopyFrom(feature)
    return statistics_pb2.DatasetFeatureStatisticsList(datasets=[chosen])


def _tables(
    lhs_statistics: Any,
    rhs_statistics: Any = None,
    lhs_name: str = "lhs_statistics",
    rhs_name: str = "rhs_statistics",
    allowlist_features: list[FeaturePath] | None = None,
    denylist_features: list[FeaturePath] | None = None,
) -> list[tuple[str, library.Statistics]]:
    assert not allowlist_features or not denylist_features, "Only specify one of allowlist_features and denylist_features."
    sides = [("lhs_statistics", lhs_name, lhs_statistics)]
    if rhs_statistics is not None:
        sides.append(("rhs_statistics", rhs_name, rhs_statistics))
    return [(name, library.Statistics(_chosen(side, argument, allowlist_features, denylist_features))) for argument, name, side in sides]


def get_statistics_html(lhs_statistics: Any, rhs_statistics: Any = None, *arguments: Any, **named: Any) -> str:
    """tfxm's page, in a frame; TFDV's loads Facets from the network."""
    return _page(_tables(lhs_statistics, rhs_statistics, *arguments, **named))._repr_html_()


def _page(tables: list[tuple[str, library.Statistics]]) -> library.StatisticsPage:
    if len(tables) > 1 and tables[0][0] == tables[1][0]:
        tables = [(f"{name} {i + 1}", table) for i, (name, table) in enumerate(tables)]
    return library.visualize_statistics(dict(tables))


def visualize_statistics(lhs_statistics: Any, rhs_statistics: Any = None, *arguments: Any, **named: Any) -> None:
    tables = _tables(lhs_statistics, rhs_statistics, *arguments, **named)
    try:
        import IPython  # noqa: F401
    except ImportError:
        for name, table in tables:
            print(f"{name}\n{table!r}")
        return
    _display(_page(tables))


def compare_slices(statistics: Any, lhs_slice_key: str, rhs_slice_key: str) -> None:
    lhs, rhs = get_slice_stats(statistics, lhs_slice_key), get_slice_stats(statistics, rhs_slice_key)
    visualize_statistics(lhs, rhs, lhs_name=lhs_slice_key, rhs_name=rhs_slice_key)

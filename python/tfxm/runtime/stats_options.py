# SPDX-License-Identifier: Apache-2.0
"""A module's stats_options_updater_fn, called as TFX's Transform calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfxm.runtime import schema as schemas
from tfxm.runtime.errors import UserError


def update(updater: Callable[..., Any], schema_paths: dict[str, str]) -> dict[str, str]:
    """What it makes of the options for "pre_transform" and "post_transform", whose schemas are in these files, as JSON."""
    import tensorflow_data_validation as tfdv  # type: ignore[import-not-found]  # The user's, or tfxm.compat's.
    from tfx.components.transform import stats_options_util  # type: ignore[import-not-found]

    updated = {}
    for name in ("pre_transform", "post_transform"):
        stats_type = stats_options_util.StatsType[name.upper()]
        options = updater(stats_type, tfdv.StatsOptions(schema=schemas.read(schema_paths[name])))
        if not isinstance(options, tfdv.StatsOptions):
            what = "nothing" if options is None else f"a {type(options).__name__}"
            raise UserError(f"stats_options_updater_fn returned {what} for {stats_type}; expected the tfdv.StatsOptions")
        updated[name] = options.to_json()
    return updated

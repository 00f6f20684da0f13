# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.utils."""

from typing import Any

from google.protobuf import text_format


def parse_pbtxt_file(file_name: str, message: Any) -> Any:
    """Fills `message` from a file in text format."""
    with open(file_name, encoding="utf-8") as f:
        return text_format.Parse(f.read(), message)

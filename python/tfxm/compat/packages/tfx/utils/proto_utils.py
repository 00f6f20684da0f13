# SPDX-License-Identifier: Apache-2.0
"""tfx.utils.proto_utils."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format


def proto_to_json(proto: Any) -> str:
    return json_format.MessageToJson(proto, sort_keys=True, preserving_proto_field_name=True)


def proto_to_dict(proto: Any) -> dict[str, Any]:
    return json_format.MessageToDict(proto, preserving_proto_field_name=True)


def json_to_proto(json_str: str, proto: Any) -> Any:
    return json_format.Parse(json_str, proto, ignore_unknown_fields=True)


def dict_to_proto(json_dict: dict[Any, Any], proto: Any) -> Any:
    return json_format.ParseDict(json_dict, proto, ignore_unknown_fields=True)

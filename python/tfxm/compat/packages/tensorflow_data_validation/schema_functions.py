# SPDX-License-Identifier: Apache-2.0
"""Parts of a schema, and their domains."""

from __future__ import annotations

import logging
from typing import Any

from tensorflow_data_validation.checks import expect_schema, schema_pb2
from tensorflow_data_validation.types import FeaturePath


def _find(name: str, features: Any) -> Any:
    return next((feature for feature in features if feature.name == name), None)


def get_feature(schema: Any, feature_path: FeaturePath | str) -> Any:
    expect_schema(schema)
    path = feature_path if isinstance(feature_path, FeaturePath) else FeaturePath([feature_path])
    features = schema.feature
    for step in path.parent().steps():
        struct = _find(step, features)
        if struct is None:
            raise ValueError(f"Feature {path} not found in the schema.")
        if struct.type != schema_pb2.STRUCT:
            raise ValueError(f"Step {step} in feature {path} does not refer to a valid STRUCT feature")
        features = struct.struct_domain.feature
    feature = _find(path.steps()[-1], features)
    if feature is None:
        raise ValueError(f"Feature {path} not found in the schema.")
    return feature


def get_domain(schema: Any, feature_path: FeaturePath | str) -> Any:
    feature = get_feature(schema, feature_path)
    which = feature.WhichOneof("domain_info")
    if which is None:
        raise ValueError(f"Feature {feature_path} has no domain associated with it.")
    if which != "domain":
        return getattr(feature, which)
    for domain in schema.string_domain:
        if domain.name == feature.domain:
            return domain
    raise ValueError(f"Feature {feature_path} has an unsupported domain {which}.")


def set_domain(schema: Any, feature_path: FeaturePath | str, domain: Any) -> None:
    """`domain`: a message of a domain, or the name of one of the schema's string domains."""
    expect_schema(schema)
    fields = schema_pb2.Feature.DESCRIPTOR.oneofs_by_name["domain_info"].fields
    by_type = {field.message_type.full_name: field.name for field in fields if field.message_type is not None}
    which = "domain" if isinstance(domain, str) else by_type.get(getattr(getattr(domain, "DESCRIPTOR", None), "full_name", ""))
    if which is None:
        raise TypeError(f"domain is of type {type(domain).__name__}, should be one of the supported types in schema.Features.domain_info")
    feature = get_feature(schema, feature_path)
    if feature.type == schema_pb2.STRUCT:
        raise TypeError(f"Could not set the domain of a STRUCT feature {feature_path}.")
    if isinstance(domain, str) and all(known.name != domain for known in schema.string_domain):
        raise ValueError(f'Invalid global string domain "{domain}".')
    if feature.WhichOneof("domain_info") is not None:
        logging.warning('Replacing existing domain of feature "%s".', feature_path)
    if isinstance(domain, str):
        feature.domain = domain
    else:
        getattr(feature, which).CopyFrom(domain)

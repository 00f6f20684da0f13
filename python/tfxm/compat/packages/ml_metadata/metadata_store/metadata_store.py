# SPDX-License-Identifier: Apache-2.0
"""The ML Metadata store of a pipeline, read from its SQLite file; what is in it, the engine writes.

    store = metadata_store.MetadataStore(sqlite_metadata_connection_config("metadata.db"))
    models = store.get_artifacts_by_type("Model")
    events = store.get_events_by_artifact_ids([model.id for model in models])

Each call reads what is there at that moment, also while a pipeline runs. What writes (put_…) is an UnimplementedError.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
import os
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from ml_metadata import errors
from ml_metadata.proto import metadata_store_pb2 as mlmd

_SCHEMA_VERSION = 10
_AT_ONCE = 500  # Values in one SQL statement.
_STRUCT = "mlmd-struct::"  # Before a struct, which is written as a string.


class OrderByField(enum.Enum):
    CREATE_TIME = "create_time_since_epoch"
    UPDATE_TIME = "last_update_time_since_epoch"
    ID = "id"


@dataclasses.dataclass
class ListOptions:
    """`limit` of them, ordered by a field."""

    limit: int | None = None
    order_by: OrderByField | None = None
    is_asc: bool = True
    filter_query: str | None = None


@dataclasses.dataclass(frozen=True)
class _Kind:
    """Of nodes: the names of their tables and messages. `type_kind` is as in the table of types."""

    table: str
    type_kind: int
    state_column: str | None = None

    @property
    def message(self) -> Any:
        return getattr(mlmd, self.table)

    @property
    def type_message(self) -> Any:
        return getattr(mlmd, f"{self.table}Type")


_EXECUTION = _Kind("Execution", 0, "last_known_state")
_ARTIFACT = _Kind("Artifact", 1, "state")
_CONTEXT = _Kind("Context", 2)


class MetadataStore:
    """Of a ConnectionConfig with an SQLite file. NotFoundError if it is not there, InvalidArgumentError if it is no store."""

    def __init__(self, config: Any, enable_upgrade_migration: bool = False) -> None:
        if not config.HasField("sqlite"):
            raise errors.UnimplementedError(
                "tfxm's part of ml_metadata reads SQLite files (sqlite_metadata_connection_config); for a PostgreSQL server install "
                "ml-metadata and say --real=ml_metadata, or ask `tfxm lineage postgresql://… --format=json`"
            )
        path = config.sqlite.filename_uri.removeprefix("file://")
        if not os.path.isfile(path):
            raise errors.NotFoundError(f"there is no metadata store {path}; a run of the pipeline makes it")
        self._database = sqlite3.connect(path)
        self._database.row_factory = sqlite3.Row
        try:
            self._database.execute("PRAGMA query_only = 1")
            found = [row[0] for row in self._database.execute("SELECT schema_version FROM MLMDEnv")]
        except sqlite3.DatabaseError as error:
            raise errors.InvalidArgumentError(f"{path} is no metadata store: {error}") from None
        if found != [_SCHEMA_VERSION]:
            raise errors.InvalidArgumentError(f"{path}: expected schema version {_SCHEMA_VERSION}, found {found}")

    def close(self) -> None:
        self._database.close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("put_", "update_", "delete_")):
            raise errors.UnimplementedError(f"tfxm's MetadataStore reads; {name} is not there: the engine writes what its nodes make")
        raise AttributeError(f"tfxm's MetadataStore has no {name}")

    # Types.

    def get_artifact_type(self, type_name: str, type_version: str | None = None) -> Any:
        return self._type(_ARTIFACT, type_name, type_version)

    def get_execution_type(self, type_name: str, type_version: str | None = None) -> Any:
        return self._type(_EXECUTION, type_name, type_version)

    def get_context_type(self, type_name: str, type_version: str | None = None) -> Any:
        return self._type(_CONTEXT, type_name, type_version)

    def get_artifact_types(self) -> list[Any]:
        return self._types(_ARTIFACT)

    def get_execution_types(self) -> list[Any]:
        return self._types(_EXECUTION)

    def get_context_types(self) -> list[Any]:
        return self._types(_CONTEXT)

    def get_artifact_types_by_id(self, type_ids: Iterable[int]) -> list[Any]:
        return self._types(_ARTIFACT, type_ids)

    def get_execution_types_by_id(self, type_ids: Iterable[int]) -> list[Any]:
        return self._types(_EXECUTION, type_ids)

    def get_context_types_by_id(self, type_ids: Iterable[int]) -> list[Any]:
        return self._types(_CONTEXT, type_ids)

    # Artifacts, executions, contexts.

    def get_artifacts(self, list_options: ListOptions | None = None) -> list[Any]:
        return self._listed(_ARTIFACT, list_options)

    def get_executions(self, list_options: ListOptions | None = None) -> list[Any]:
        return self._listed(_EXECUTION, list_options)

    def get_contexts(self, list_options: ListOptions | None = None) -> list[Any]:
        return self._listed(_CONTEXT, list_options)

    def get_artifacts_by_id(self, artifact_ids: Iterable[int]) -> list[Any]:
        return self._nodes(_ARTIFACT, "id", artifact_ids)

    def get_executions_by_id(self, execution_ids: Iterable[int]) -> list[Any]:
        return self._nodes(_EXECUTION, "id", execution_ids)

    def get_contexts_by_id(self, context_ids: Iterable[int]) -> list[Any]:
        return self._nodes(_CONTEXT, "id", context_ids)

    def get_artifacts_by_type(self, type_name: str, type_version: str | None = None) -> list[Any]:
        return self._nodes(_ARTIFACT, "type_id", self._type_ids(_ARTIFACT, type_name, type_version))

    def get_executions_by_type(self, type_name: str, type_version: str | None = None) -> list[Any]:
        return self._nodes(_EXECUTION, "type_id", self._type_ids(_EXECUTION, type_name, type_version))

    def get_contexts_by_type(self, type_name: str, type_version: str | None = None) -> list[Any]:
        return self._nodes(_CONTEXT, "type_id", self._type_ids(_CONTEXT, type_name, type_version))

    def get_artifact_by_type_and_name(self, type_name: str, artifact_name: str, type_version: str | None = None) -> Any:
        """None if there is none."""
        return next((node for node in self.get_artifacts_by_type(type_name, type_version) if node.name == artifact_name), None)

    def get_execution_by_type_and_name(self, type_name: str, execution_name: str, type_version: str | None = None) -> Any:
        """None if there is none."""
        return next((node for node in self.get_executions_by_type(type_name, type_version) if node.name == execution_name), None)

    def get_context_by_type_and_name(self, type_name: str, context_name: str, type_version: str | None = None) -> Any:
        """None if there is none."""
        return next((node for node in self.get_contexts_by_type(type_name, type_version) if node.name == context_name), None)

    def get_artifacts_by_uri(self, uri: str) -> list[Any]:
        return self._nodes(_ARTIFACT, "uri", [uri])

    def get_artifacts_by_context(self, context_id: int, list_options: ListOptions | None = None) -> list[Any]:
        ids = self._column("SELECT artifact_id FROM Attribution WHERE context_id IN ({})", [context_id])
        return self._ordered(self.get_artifacts_by_id(ids), list_options)

    def get_executions_by_context(self, context_id: int, list_options: ListOptions | None = None) -> list[Any]:
        ids = self._column("SELECT execution_id FROM Association WHERE context_id IN ({})", [context_id])
        return self._ordered(self.get_executions_by_id(ids), list_options)

    def get_contexts_by_artifact(self, artifact_id: int) -> list[Any]:
        return self.get_contexts_by_id(self._column("SELECT context_id FROM Attribution WHERE artifact_id IN ({})", [artifact_id]))

    def get_contexts_by_execution(self, execution_id: int) -> list[Any]:
        return self.get_contexts_by_id(self._column("SELECT context_id FROM Association WHERE execution_id IN ({})", [execution_id]))

    def get_parent_contexts_by_context(self, context_id: int) -> list[Any]:
        return self.get_contexts_by_id(self._column("SELECT parent_context_id FROM ParentContext WHERE context_id IN ({})", [context_id]))

    def get_children_contexts_by_context(self, context_id: int) -> list[Any]:
        return self.get_contexts_by_id(self._column("SELECT context_id FROM ParentContext WHERE parent_context_id IN ({})", [context_id]))

    # Events.

    def get_events_by_execution_ids(self, execution_ids: Iterable[int]) -> list[Any]:
        return self._events("execution_id", execution_ids)

    def get_events_by_artifact_ids(self, artifact_ids: Iterable[int]) -> list[Any]:
        return self._events("artifact_id", artifact_ids)

    # What reads the tables.

    def _rows(self, sql: str, values: Iterable[Any]) -> list[sqlite3.Row]:
        """Of all values; `{}` in the statement is where a part of them goes."""
        rest, rows = list(dict.fromkeys(values)), []
        while rest:
            part, rest = rest[:_AT_ONCE], rest[_AT_ONCE:]
            rows += self._database.execute(sql.format(",".join("?" * len(part))), part).fetchall()
        return rows

    def _column(self, sql: str, values: Iterable[Any]) -> list[Any]:
        return [row[0] for row in self._rows(sql, values)]

    def _types(self, kind: _Kind, type_ids: Iterable[int] | None = None) -> list[Any]:
        if type_ids is None:
            # Those of the system are the parents of others, and no node's.
            type_ids = self._column("SELECT id FROM Type WHERE type_kind IN ({}) AND name NOT LIKE 'mlmd.%'", [kind.type_kind])
        types: dict[int, Any] = {}
        for row in self._rows("SELECT * FROM Type WHERE id IN ({}) ORDER BY id", type_ids):
            if row["type_kind"] != kind.type_kind:
                continue
            out = types[row["id"]] = kind.type_message(id=row["id"], name=row["name"])
            for column in ("version", "description", "external_id"):
                if row[column] is not None:
                    setattr(out, column, row[column])
        for row in self._rows("SELECT * FROM TypeProperty WHERE type_id IN ({})", types):
            types[row["type_id"]].properties[row["name"]] = row["data_type"]
        if kind is not _CONTEXT:
            bases = kind.type_message.SystemDefinedBaseType
            parents = "SELECT type_id, name FROM ParentType JOIN Type ON parent_type_id = id WHERE type_id IN ({})"
            for row in self._rows(parents, types):
                base = row["name"].removeprefix("mlmd.").upper()
                if base in bases.keys():
                    types[row["type_id"]].base_type = bases.Value(base)
        return list(types.values())

    def _type_ids(self, kind: _Kind, name: str, version: str | None) -> list[int]:
        rows = self._rows("SELECT id, version FROM Type WHERE name IN ({}) AND type_kind = " + str(kind.type_kind), [name])
        return [row["id"] for row in rows if (row["version"] or None) == (version or None)]

    def _type(self, kind: _Kind, name: str, version: str | None) -> Any:
        found = self._types(kind, self._type_ids(kind, name, version))
        if not found:
            raise errors.NotFoundError(f"No type found for query, name: `{name}`, version: `{version or 'nullopt'}`")
        return found[0]

    def _nodes(self, kind: _Kind, column: str, values: Iterable[Any]) -> list[Any]:
        nodes: dict[int, Any] = {}
        for row in self._rows(f"SELECT * FROM {kind.table} WHERE {column} IN ({{}}) ORDER BY id", values):
            node = nodes[row["id"]] = kind.message(id=row["id"], type_id=row["type_id"])
            for field in ("uri", "name", "external_id", "create_time_since_epoch", "last_update_time_since_epoch"):
                if field in row.keys() and row[field] is not None:
                    setattr(node, field, row[field])
            if kind.state_column is not None and row[kind.state_column] is not None:
                setattr(node, kind.state_column, row[kind.state_column])
        names = {row["id"]: row["name"] for row in self._rows("SELECT id, name FROM Type WHERE id IN ({})", (n.type_id for n in nodes.values()))}
        for node in nodes.values():
            node.type = names[node.type_id]
        owner = f"{kind.table.lower()}_id"
        for row in self._rows(f"SELECT * FROM {kind.table}Property WHERE {owner} IN ({{}})", nodes):
            node = nodes[row[owner]]
            _set_value((node.custom_properties if row["is_custom_property"] else node.properties)[row["name"]], row)
        return list(nodes.values())

    def _listed(self, kind: _Kind, options: ListOptions | None) -> list[Any]:
        return self._ordered(self._nodes(kind, "id", self._column(f"SELECT id FROM {kind.table} WHERE 1 IN ({{}})", [1])), options)

    @staticmethod
    def _ordered(nodes: list[Any], options: ListOptions | None) -> list[Any]:
        if options is None:
            return nodes
        if options.filter_query:
            raise errors.UnimplementedError("tfxm's MetadataStore has no filter_query; filter what it returns")
        if options.order_by is not None:
            field = options.order_by.value
            nodes = sorted(nodes, key=lambda node: (getattr(node, field), node.id), reverse=not options.is_asc)
        return nodes[: options.limit]

    def _events(self, column: str, ids: Iterable[int]) -> list[Any]:
        events: dict[int, Any] = {}
        for row in self._rows(f"SELECT * FROM Event WHERE {column} IN ({{}}) ORDER BY id", ids):
            event = events[row["id"]] = mlmd.Event(artifact_id=row["artifact_id"], execution_id=row["execution_id"], type=row["type"])
            if row["milliseconds_since_epoch"] is not None:
                event.milliseconds_since_epoch = row["milliseconds_since_epoch"]
        for row in self._rows("SELECT * FROM EventPath WHERE event_id IN ({}) ORDER BY rowid", events):
            step = events[row["event_id"]].path.steps.add()
            if row["is_index_step"]:
                step.index = row["step_index"]
            else:
                step.key = row["step_key"]
        return list(events.values())


def _set_value(out: Any, row: sqlite3.Row) -> None:
    text = row["string_value"]
    if text is not None and text.startswith(_STRUCT):
        out.struct_value.ParseFromString(base64.b64decode(text.removeprefix(_STRUCT)))
        return
    for field in ("int_value", "double_value", "string_value"):
        if row[field] is not None:
            setattr(out, field, row[field])
    if row["bool_value"] is not None:
        out.bool_value = bool(row["bool_value"])
    if row["proto_value"] is not None:
        out.proto_value.ParseFromString(row["proto_value"])


def artifacts_of(store: MetadataStore, execution_id: int, event_types: Sequence[int]) -> dict[str, list[Any]]:
    """The artifacts of an execution's events of these types, by their keys, in their order."""
    events = [event for event in store.get_events_by_execution_ids([execution_id]) if event.type in event_types]
    by_id = {artifact.id: artifact for artifact in store.get_artifacts_by_id(event.artifact_id for event in events)}
    found: dict[str, list[Any]] = {}
    for event in events:
        keys = [step.key for step in event.path.steps if step.HasField("key")]
        found.setdefault(keys[0] if keys else "", []).append(by_id[event.artifact_id])
    return found

# SPDX-License-Identifier: Apache-2.0
"""Pipeline: its nodes, where they put what they make, and where that is written down.

    pipeline = Pipeline(
        pipeline_name="mnist",
        pipeline_root="runs/mnist",
        components=[example_gen, statistics_gen],
        enable_cache=True,
        metadata_connection_config=sqlite_metadata_connection_config("runs/mnist/metadata.db"),
    )
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from urllib.parse import quote, urlencode

from google.protobuf.message import Message

from tfxm import protos
from tfxm.dsl.node import Node
from tfxm.dsl.parameters import beam_args, checked, without_effect


class ExecutionMode(enum.Enum):
    SYNC = 1
    ASYNC = 2


class RunOptions:
    """Which part of a pipeline to run: the nodes that are one of from_nodes or come after one, and are one of to_nodes
    or come before one. What they take from others is what those have made last."""

    @checked
    def __init__(
        self,
        from_nodes: Iterable[str] | None = None,
        to_nodes: Iterable[str] | None = None,
        base_pipeline_run_id: str | None = None,
    ) -> None:
        for name, nodes in (("from_nodes", from_nodes), ("to_nodes", to_nodes)):
            if isinstance(nodes, str):
                raise TypeError(f"RunOptions({name}={nodes!r}): expected a list of ids, [{nodes!r}]")
        self.from_nodes, self.to_nodes = list(from_nodes or []), list(to_nodes or [])
        if not self.from_nodes and not self.to_nodes:
            raise ValueError("RunOptions: give from_nodes, to_nodes or both")
        if base_pipeline_run_id is not None:
            raise NotImplementedError("RunOptions(base_pipeline_run_id=…): what is left out puts out what it has made last, in whichever run")

    def flags(self) -> list[str]:
        """The engine's."""
        both = (("from_nodes", self.from_nodes), ("to_nodes", self.to_nodes))
        return [f"--{name}={','.join(nodes)}" for name, nodes in both if nodes]


class Launcher:
    """Who makes the passes over examples: `tfxm run FILE.py --launcher=…` with what goes with it. Results do not depend on it."""

    @checked
    def __init__(
        self,
        launcher: str,
        hosts: Iterable[str] | None = None,
        workers: int | None = None,
        work_dir: str | None = None,
        shard_timeout: float | None = None,
    ) -> None:
        if not launcher:
            raise ValueError('Launcher: expected "threads", "processes", "processes:N", "beam --runner=…" or a command with {command}')
        if isinstance(hosts, str):
            raise TypeError(f"Launcher(hosts={hosts!r}): expected a list of hosts, [{hosts!r}]")
        self.launcher, self.hosts = launcher, list(hosts or [])
        self.workers, self.work_dir, self.shard_timeout = workers, work_dir, shard_timeout

    def flags(self) -> dict[str, str]:
        """The engine's, by name."""
        values = {
            "launcher": self.launcher,
            "hosts": ",".join(self.hosts),
            "workers": self.workers,
            "work_dir": self.work_dir,
            "shard_timeout": self.shard_timeout,
        }
        return {name: str(value) for name, value in values.items() if value not in (None, "")}


class Pipeline:
    """`components` are its nodes, in any order. `launcher`: a Launcher, or the text of one, of the passes over examples;
    without one they go through Beam if `beam_pipeline_args` name a --runner other than DirectRunner. ValueError says what is wrong with them: two of one id, a cycle, a
    node that is needed and not there."""

    @checked
    def __init__(
        self,
        pipeline_name: str,
        pipeline_root: str | None = None,
        metadata_connection_config: Message | None = None,
        components: Iterable[Node] = (),
        enable_cache: bool = False,
        beam_pipeline_args: list[str] | None = None,
        platform_config: Message | None = None,
        execution_mode: ExecutionMode = ExecutionMode.SYNC,
        run_options: RunOptions | None = None,
        inputs: object | None = None,
        outputs: object | None = None,
        additional_pipeline_args: dict[str, object] | None = None,
        log_root: str | None = None,
        launcher: str | Launcher | None = None,
    ) -> None:
        if not pipeline_name:
            raise ValueError("a Pipeline needs a pipeline_name")
        if execution_mode != ExecutionMode.SYNC:
            raise NotImplementedError(f"pipeline {pipeline_name}: execution_mode ASYNC; tfxm runs SYNC pipelines")
        for name, value in (("inputs", inputs), ("outputs", outputs)):
            if value:
                raise NotImplementedError(f"pipeline {pipeline_name}: {name}; tfxm does not have it yet")
        if platform_config is not None:
            without_effect("Pipeline(platform_config=…)", "the engine runs on this machine")
        if additional_pipeline_args or log_root:
            without_effect("Pipeline(additional_pipeline_args=…, log_root=…)", "logs are kept beside the artifacts")
        self.pipeline_name = self.id = pipeline_name
        self.pipeline_root = pipeline_root or ""
        if metadata_connection_config is not None:
            store_path(metadata_connection_config)
        self.metadata_connection_config = metadata_connection_config
        self.enable_cache = enable_cache
        self.run_options = run_options
        self.launcher = Launcher(launcher) if isinstance(launcher, str) else launcher
        self.beam_pipeline_args = beam_args("Pipeline(beam_pipeline_args=…)", beam_pipeline_args)
        self.components = _order(pipeline_name, components)


def _order(pipeline_name: str, components: Iterable[Node]) -> list[Node]:
    """Layer by layer, as TFX: a node is in the layer after the last of those it needs; a layer is sorted by id."""
    nodes: dict[str, Node] = {}
    for node in components:
        if not isinstance(node, Node):
            raise TypeError(f"pipeline {pipeline_name}: components: expected nodes, got {type(node).__name__}")
        if nodes.setdefault(node.id, node) is not node:
            raise ValueError(f'pipeline {pipeline_name}: two nodes have the id {node.id}; give one another with .with_id("{node.id}.x")')
    for node in nodes.values():
        for up in node.upstream_nodes:
            if nodes.get(up.id) is not up:
                raise ValueError(f"pipeline {pipeline_name}: {node.id} needs {up.id}, which is not among its components")
    ordered: list[Node] = []
    left = dict(nodes)
    while left:
        layer = sorted(id for id, node in left.items() if not any(up.id in left for up in node.upstream_nodes))
        if not layer:
            raise ValueError(f"pipeline {pipeline_name}: these nodes wait for each other in a cycle: {', '.join(left)}")
        ordered += [left[id] for id in layer]
        for id in layer:  # noqa: A001
            del left[id]
    return ordered


def sqlite_metadata_connection_config(metadata_db_uri: str) -> Message:
    """ML Metadata in an SQLite file, which the engine makes if it is not there."""
    metadata_store_pb2 = protos.load("ml_metadata/proto/metadata_store.proto")
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = metadata_db_uri
    config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    return config


def mysql_metadata_connection_config(host: str, port: int, database: str, username: str, password: str) -> Message:
    raise NotImplementedError(
        "mysql_metadata_connection_config: tfxm's metadata store is an SQLite file or on a PostgreSQL server; use "
        "sqlite_metadata_connection_config, or a ConnectionConfig whose `postgresql` is set"
    )


def store_path(config: Message) -> str:
    """What the engine's commands call the store: the file, or postgresql://USER@HOST:PORT/DBNAME?…"""
    if config.HasField("sqlite"):
        return config.sqlite.filename_uri  # type: ignore[attr-defined]
    if not config.HasField("postgresql"):
        raise NotImplementedError("metadata_connection_config: tfxm's metadata store is an SQLite file or on a PostgreSQL server")
    server = config.postgresql  # type: ignore[attr-defined]
    if server.password or server.ssloption.sslpassword:
        raise ValueError(
            "metadata_connection_config: a password would be recorded with the pipeline; leave it out and give it in PGPASSWORD, "
            "or in a passfile (~/.pgpass)"
        )
    user = quote(server.user, safe="") + "@" if server.user else ""
    port = f":{server.port}" if server.port else ""
    options = {"hostaddr": server.hostaddr, "passfile": server.passfile, "skip_db_creation": "true" if server.skip_db_creation else ""}
    options.update({name: getattr(server.ssloption, name) for name in ("sslmode", "sslcert", "sslkey", "sslrootcert")})
    given = urlencode({name: value for name, value in options.items() if value}, quote_via=quote, safe="")
    return f"postgresql://{user}{quote(server.host, safe='')}{port}/{quote(server.dbname, safe='')}" + (f"?{given}" if given else "")

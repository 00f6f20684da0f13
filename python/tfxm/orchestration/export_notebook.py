# SPDX-License-Identifier: Apache-2.0
"""A notebook's cells as a pipeline file: what InteractiveContext.export_to_pipeline writes."""

from __future__ import annotations

import ast
import json
import os

SKIP_MAGIC = "%%skip_for_export"  # TFX's: a cell that begins with it stays in the notebook.
_RUNNERS = {"beam": "BeamDagRunner", "local": "LocalDagRunner"}
_TAIL = '''

# The pipeline of the components above.
from tfx import v1 as _tfx  # noqa: E402

_tfx.orchestration.{runner}().run(
    _tfx.dsl.Pipeline(
        pipeline_name={name},
        pipeline_root={root},
        components=components,
        enable_cache=True,
        metadata_connection_config=_tfx.orchestration.metadata.sqlite_metadata_connection_config({metadata}),
    )
)
'''


def _sources(notebook_path: str) -> list[str]:
    """The code cells, without those that are skipped, and without lines for IPython or a shell."""
    with open(notebook_path, encoding="utf-8") as f:
        try:
            cells = json.load(f)["cells"]
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{notebook_path} is not a notebook (of nbformat 4)") from None
    sources = []
    for cell in cells:
        source = cell.get("source", "")
        text = source if isinstance(source, str) else "".join(source)
        if cell.get("cell_type") == "code" and not text.lstrip().startswith(SKIP_MAGIC):
            sources.append("\n".join(line for line in text.split("\n") if not line.lstrip().startswith(("%", "!"))))
    return sources


def _assigned(tree: ast.Module) -> set[str]:
    targets = (t for node in tree.body if isinstance(node, (ast.Assign, ast.AnnAssign)) for t in getattr(node, "targets", [getattr(node, "target", None)]))
    return {target.id for target in targets if isinstance(target, ast.Name)}


def export(notebook_path: str, export_path: str, runner_type: str, name: str, root: str, metadata: str) -> None:
    """ValueError, and nothing written: another runner, no `components` in the cells, or Python that is none."""
    if runner_type not in _RUNNERS:
        raise ValueError(f"export_to_pipeline: runner_type {runner_type!r}; tfxm has {' and '.join(map(repr, _RUNNERS))}")
    code = "\n\n".join(filter(str.strip, _sources(notebook_path)))
    try:
        assigned = _assigned(ast.parse(code))
    except SyntaxError as error:
        raise ValueError(f"{notebook_path}: line {error.lineno} of its cells together: {error.msg}: {(error.text or '').strip()}") from None
    if "components" not in assigned:
        raise ValueError(
            f"{notebook_path}: no cell that is exported says what the pipeline consists of: components = [example_gen, …]; "
            f"cells that run or show components begin with {SKIP_MAGIC}"
        )

    def value(variable: str, otherwise: str) -> str:
        return variable if variable in assigned else repr(otherwise)

    text = code.strip("\n") + _TAIL.format(
        runner=_RUNNERS[runner_type], name=value("_pipeline_name", name), root=value("_pipeline_root", root), metadata=value("_metadata_path", metadata)
    )
    temporary = export_path + ".tmp"
    with open(temporary, "w", encoding="utf-8") as f:
        f.write(text)
    os.replace(temporary, export_path)


def skip_for_export(line: str, cell: str) -> None:
    """The cell magic of that name: runs the cell, as any."""
    from IPython import get_ipython  # type: ignore[attr-defined]

    get_ipython().run_cell(cell)


def register_magic() -> None:
    """In a notebook, so that a cell may begin with %%skip_for_export there."""
    try:
        from IPython import get_ipython  # type: ignore[attr-defined]
    except ImportError:
        return
    shell = get_ipython()
    if shell is not None:
        shell.register_magic_function(skip_for_export, magic_kind="cell", magic_name="skip_for_export")

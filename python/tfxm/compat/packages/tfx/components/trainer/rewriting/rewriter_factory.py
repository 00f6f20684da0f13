# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import difflib
from typing import Any

from tfx.components.trainer.rewriting import rewriter, tflite_rewriter  # noqa: F401  Registers itself by being defined.

TFLITE_REWRITER = "TFLiteRewriter"
TFJS_REWRITER = "TFJSRewriter"


def create_rewriter(rewriter_type: str, *args: Any, **kwargs: Any) -> rewriter.BaseRewriter:
    """The subclass of BaseRewriter of that name, in any case. ValueError lists those there are."""
    kinds = {kind.__name__: kind for kind in rewriter.BaseRewriter.__subclasses__()}
    for name, kind in kinds.items():
        if name.lower() == rewriter_type.lower():
            return kind(*args, **kwargs)
    if rewriter_type.lower() == TFJS_REWRITER.lower():
        raise ValueError("tfxm has no TFJSRewriter: it makes TFLite models")
    near = difflib.get_close_matches(rewriter_type, kinds, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(sorted(kinds))}"
    raise ValueError(f"Failed to find rewriter: {rewriter_type}{hint}")

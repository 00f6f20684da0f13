# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from tfx.components.trainer.rewriting import rewriter


def rewrite_saved_model(
    src: str,
    dst: str,
    rewriter_inst: rewriter.BaseRewriter,
    dst_model_type: rewriter.ModelType = rewriter.ModelType.SAVED_MODEL,
) -> None:
    """Rewrites the SavedModel in `src` into the folder `dst`. ValueError says why it could not.

    A `src` that lies in `dst` is taken as temporary by the TFLite rewriter, and removed.
    """
    if src == dst:
        raise ValueError("Source path and destination path cannot match.")
    rewriter_inst.perform_rewrite(
        rewriter.ModelDescription(rewriter.ModelType.SAVED_MODEL, src),
        rewriter.ModelDescription(dst_model_type, dst),
    )

# SPDX-License-Identifier: Apache-2.0
"""tfx.components.trainer.executor. Named in pipeline files; the engine runs its own executor."""


class GenericExecutor:
    """The Trainer's, which calls run_fn."""


def __getattr__(name: str) -> object:
    from tfxm import compat

    raise compat.missing(__name__, name, globals())

# SPDX-License-Identifier: Apache-2.0
"""tfx.components.trainer.executor. Named in pipeline files; the engine runs its own executor."""


class GenericExecutor:
    """The Trainer's, which calls run_fn."""


def __getattr__(name: str) -> object:
    from tfxm import compat

    if name == "TrainerFnArgs":  # FnArgs, as older modules call it.
        from tfxm.runtime import FnArgs

        return FnArgs
    if name == "Executor":
        raise AttributeError(
            "tfxm has no tfx.components.trainer.executor.Executor: it trains an Estimator, which TensorFlow has no more; leave custom_executor_spec out, "
            "and let the module file have a run_fn")  # fmt: skip
    raise compat.missing(__name__, name, globals())

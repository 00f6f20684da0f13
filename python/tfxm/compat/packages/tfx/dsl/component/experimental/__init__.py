# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.component.experimental."""


def __getattr__(name: str) -> object:
    from tfxm import compat

    if f"{__name__}.{name}" in compat.INSTEAD:
        raise AttributeError(f"tfxm has no {__name__}.{name}: {compat.INSTEAD[f'{__name__}.{name}']}")
    raise compat.missing(__name__, name, globals())

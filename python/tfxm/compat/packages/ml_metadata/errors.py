# SPDX-License-Identifier: Apache-2.0
"""ml_metadata.errors."""


class StatusError(Exception):
    """What is wrong with a call, or with a store."""


class NotFoundError(StatusError):
    pass


class InvalidArgumentError(StatusError):
    pass


class UnimplementedError(StatusError):
    pass

"""The two exceptions with a meaning; anything else that is raised is a bug."""


class RestoreError(Exception):
    """Its message is one sentence written for the user, who can act on it."""


class Cancelled(Exception):  # noqa: N818 - it is not an error
    """The user stopped the work. Not a failure; raised only by Progress."""

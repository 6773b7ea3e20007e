"""The errors of a user's mistake."""


class UserError(ValueError):
    """A mistake of the user: one sentence says what was given and what is expected.

    The scripts print it without a traceback and exit with a non-zero code; from the API it is a
    ``ValueError`` like any other. Programming errors raise something else and keep their traceback.
    """


class Diverged(UserError):
    """A run whose loss or weights are no longer finite."""

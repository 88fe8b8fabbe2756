"""The error that the command line reports in one line, with status 2."""


class BadInput(Exception):
    """What the user gave cannot be used; anything else that is raised is a fault of ours."""

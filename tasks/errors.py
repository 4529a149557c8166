"""The errors a person is meant to read: they name the thing, the value, the place and the way out, and end a command with exit code 2."""


class InputError(ValueError):
    """Something given to us is wrong (a file, a row, a setting). Retrying cannot help; the message says what can."""


class NotReachable(InputError):
    """Something that lies elsewhere (a dataset on the hub) could not be asked from here, so nobody can say what it is now."""


class WorkerError(RuntimeError):
    """A child process ended without finishing its work. The message carries its last words and where its whole log lies."""

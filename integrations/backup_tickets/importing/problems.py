"""What is wrong with a file as a whole."""


class UnreadableFileError(Exception):
    """The file cannot be read; its text says why and what to do."""

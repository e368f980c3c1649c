class AutotaskApi:
    """Placeholder until the vendor package lands."""

"""The simulator's switches: what an iTop may be like, and what goes wrong inside one."""

from __future__ import annotations


class Switches:
    """Plain attributes, set on the running simulator or by `POST /_simulator/do` (`switch`); a reset restores them."""

    # What an iTop may be like.
    php: int = 8
    has_incidents: bool = True
    has_changes: bool = True
    incident_dies: bool = True
    largest_upload: int = 0
    largest_form: int = 0
    pictures_by_address: bool = True
    # What goes wrong inside one.
    delay: float = 0.0
    lost_appends: int = 0
    vetoes: int = 0
    refusal: str = ""
    is_out_of_order: bool = False


SWITCHES = {
    "php": "8: an unset reference passes for a mandatory field; 7: it does not",
    "has_incidents": "the module with Incident is installed",
    "has_changes": "the module of changes is installed",
    "incident_dies": "an Incident that is assigned from escalated_tto answers 500 for ever, as 3.2.0 does",
    "largest_upload": "bytes of a form's file that PHP takes; a larger one is dropped; 0 for any",
    "largest_form": "bytes of a form that PHP takes; a larger one is dropped whole; 0 for any",
    "pictures_by_address": "a picture's address hands it out to whoever knows its secret",
    "delay": "seconds that each call takes longer; a real one takes 0.1 to 0.2",
    "lost_appends": "so many entries of logs are swallowed by somebody's parallel append, after a success was answered",
    "vetoes": "so many stimuli are vetoed: code 0 and no object",
    "refusal": "every write is refused with code 100 and this sentence",
    "is_out_of_order": "every call answers 500 with an HTML page",
}

"""The simulator's switches: what no source settles for live tenants, and what a tenant may be like."""

from __future__ import annotations


class Switches:
    """Plain attributes, set on the running simulator or by `POST /_simulator/do` (`switch`); a reset restores them."""

    # Not settled by any source: the default is what most sources say.
    missing_is_404: bool = False
    bad_code_is_500: bool = False
    wrong_zone_is_empty: bool = False
    unknown_operator_is_refused: bool = False
    max_records_caps_total: bool = False
    text_case_matters: bool = False
    overlong_is_cut: bool = False
    read_only_is_refused: bool = False
    system_note_types_are_refused: bool = False
    thread_refusal_status: int = 429
    quota_refusal_status: int = 500
    # What a tenant may be like.
    zone: str = ""
    foreign_zone: bool = False
    restricted: bool = False
    external_id_queryable: bool = True
    due_required: bool = False
    index_lag: bool = False
    sticky_failures: int = 0
    suspended: bool = False
    threshold: int = 10_000
    most_parallel: int = 3


SWITCHES = {
    "missing_is_404": "a missing record is 404, not 200 with a null item",
    "bad_code_is_500": "a wrong tracking identifier is 500 with a sentence, not 401",
    "wrong_zone_is_empty": "the wrong zone answers with nothing found, not 401",
    "unknown_operator_is_refused": "a misspelt operator is 500, not silently ignored",
    "max_records_caps_total": "MaxRecords ends the search, not the page",
    "text_case_matters": "texts are compared with regard to case",
    "overlong_is_cut": "too long values are cut, not refused",
    "read_only_is_refused": "read-only fields in a write are refused, not ignored",
    "system_note_types_are_refused": "callers may not write notes of the types Autotask writes itself (13, 91, 92)",
    "thread_refusal_status": "the status of a call beyond the thread limit",
    "quota_refusal_status": "the status of a call beyond the hourly threshold",
    "zone": "where the tenant lives: a path before the API's, empty for none; other zones answer 401",
    "foreign_zone": "the zone look-up names a host that is not Autotask's",
    "restricted": "the API user's security level shows it no rows",
    "external_id_queryable": "tickets can be searched by externalID",
    "due_required": "the ticket category wants a due date",
    "index_lag": "searches do not see new tickets until `release_index`",
    "sticky_failures": "so many changes of a status answer 200 and do not stick",
    "suspended": "the tenant's API is suspended",
    "threshold": "calls in any sixty minutes",
    "most_parallel": "calls at the same time to one entity",
}

"""Whatever is written to the simulated EspoCRM, what it shows hangs together, and the client can read it."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from integrations.vendors.espocrm.api import EspocrmApi
from integrations.vendors.espocrm.schemas import Email, Party, Phone
from tests.seeds import SEED

from .saying import as_started

ADDRESSES = ["a@x.de", "A@x.de", "b@x.de", "c@x.de", "C@X.de"]
NUMBERS = ["+4930555", "+49 30 555", "+49 (0)30 / 666", "+4930777"]
_flags = {name: st.booleans() for name in ("primary", "optOut", "invalid")}
_emails = st.lists(st.fixed_dictionaries({"emailAddress": st.sampled_from(ADDRESSES)}, optional=_flags), max_size=4)
_phones = st.lists(
    st.fixed_dictionaries(
        {"phoneNumber": st.sampled_from(NUMBERS)}, optional={"type": st.sampled_from(["Fax", "Office"]), **_flags}
    ),
    max_size=4,
)
_bodies = st.fixed_dictionaries(
    {},
    optional={
        "emailAddressData": _emails | st.none(),
        "phoneNumberData": _phones | st.none(),
        "emailAddress": st.sampled_from([*ADDRESSES, "", None]),
        "phoneNumber": st.sampled_from([*NUMBERS, "", None]),
    },
)
_writes = st.lists(st.tuples(st.integers(0, 1), st.booleans(), _bodies), max_size=8)


@seed(44 + SEED)
@settings(max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_writes)
def test_scalars_are_the_primaries_and_a_value_is_the_same_for_everybody(
    api: EspocrmApi, writes: list[tuple[int, bool, dict[str, Any]]]
) -> None:
    espocrm = as_started()
    parties = [espocrm.do("new_party", {"last_name": name}) for name in "AB"]
    for place, at_once, body in writes:
        espocrm.do("save_at_once" if at_once else "edit_party", {"party": parties[place], **body})
        if at_once:
            api.update_party(parties[place], {"description": "ours"})
    found = [api.party(party) for party in parties]
    for party in found:
        for values, scalar in (
            ([(one.key, one.address, one.primary) for one in party.emails], party.fields["emailAddress"]),
            ([(one.key, one.number, one.primary) for one in party.phones], party.fields["phoneNumber"]),
        ):
            assert len({key for key, _, _ in values}) == len(values)
            assert [is_primary for _, _, is_primary in values][1:] == [False] * (len(values) - 1 if values else 0)
            assert scalar == next((text for _, text, is_primary in values if is_primary), None)
    assert_shared(found)


def assert_shared(found: list[Party]) -> None:
    """What belongs to the value is the same wherever it stands."""
    seen: dict[str, Any] = {}
    for party in found:
        values: list[Email | Phone] = [*party.emails, *party.phones]
        for one in values:
            shown = (getattr(one, "address", ""), getattr(one, "type", ""), one.opt_out, one.invalid)
            assert seen.setdefault(one.key, shown) == shown

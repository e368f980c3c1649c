"""P20: a day of the portal, lived with canary secrets; afterwards they are looked for everywhere."""

from __future__ import annotations

import io
import logging
import random
from collections.abc import Iterator

import pytest
import sentry_sdk
from django.contrib import admin
from django.core.management import call_command
from django.test import Client as Browser
from django.urls import NoReverseMatch, reverse
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from integrations.backup_tickets.models import CompanyMapping, Customer, Run
from integrations.backup_tickets.tickets import create_ticket
from integrations.core import jobs, registry, reporting, roles
from integrations.core.models import Connection, Job
from integrations.core.opening import open_connection, set_secrets
from integrations.core.registry import IntegrationKind
from integrations.core.running import run_due_jobs
from integrations.vendors.autotask.simulator import INTEGRATION_CODE, SECRET, USERNAME
from tests.backup_tickets.autotask import Autotask, running
from tests.backup_tickets.scene import Scene, set_scene
from tests.core.world import PASSWORD, make_world, person
from tests.secrecy.searching import everything_stored, leaks, spellings
from tests.seeds import SEED

pytestmark = pytest.mark.django_db(transaction=True)
ODD = "'\"<&>%41\\ $ü€{};`|"  # what a careless redaction stumbles over


class Kept(Transport):
    """What would have gone to Sentry."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.texts.append(envelope.serialize().decode())


@pytest.fixture
def reports() -> Iterator[list[str]]:
    kept = Kept()
    reporting.start("https://public@sentry.example.com/1", transport=kept)
    yield kept.texts
    sentry_sdk.get_global_scope().set_client(None)


@pytest.fixture
def autotask() -> Iterator[Autotask]:
    with running() as simulated:
        yield simulated


def canary(name: str, chance: random.Random, odd: str = "") -> str:
    return f"canary-{name}-{chance.getrandbits(64):016x}{odd}"


class Day:
    """What people do, the pages they see, and the secrets they used."""

    def __init__(self, autotask: Autotask, seed: int) -> None:
        chance = random.Random(seed)
        self.autotask = autotask
        self.scene: Scene = set_scene(autotask.url)
        person("anna", roles.ADMIN)
        self.browser = Browser(raise_request_exception=False)
        self.pages: list[tuple[str, str]] = []
        self.secrets = {
            "wrong secret": canary("wrong", chance, ODD),
            "wrong code": canary("code", chance, "".join(chance.sample(ODD, 6))),
            "new secret": canary("new", chance, "".join(chance.sample(ODD, 3))),
            "secret": SECRET,
            "code": INTEGRATION_CODE,
            "password": PASSWORD,
        }

    def see(self, what: str, answer: object) -> None:
        self.pages.append((what, answer.content.decode(errors="replace")))  # type: ignore[attr-defined]  # a response

    def sign_in(self) -> None:
        page = reverse("admin:login")
        self.see("a failed sign-in", self.browser.post(page, {"username": "anna", "password": PASSWORD + "x"}))
        self.see("the sign-in", self.browser.post(page, {"username": "anna", "password": PASSWORD}, follow=True))

    def add_a_connection(self) -> Connection:
        form = {
            "slug": "canary",
            "client": self.scene.client.pk,
            "base_url": self.autotask.url,
            "environment": "production",
            "call_log_level": "all",
            "allow_private_address": "on",
            "identity_username": USERNAME,
            "secret_secret": self.secrets["wrong secret"],
            "secret_integration_code": self.secrets["wrong code"],
        }
        page = reverse("admin:core_connection_add") + "?vendor=autotask"
        self.see("a refused form", self.browser.post(page, form | {"base_url": "nonsense"}))
        answer = self.browser.post(page, form, follow=True)
        self.see("the form", answer)
        return Connection.objects.get(slug="canary")

    def test_it(self, connection: Connection) -> None:
        test = reverse("admin:core_connection_test", args=[connection.pk])
        self.see("a failing test", self.browser.post(test))
        set_secrets(connection, {"secret": self.secrets["new secret"]}, by="anna")
        self.see("another failing test", self.browser.post(test))
        set_secrets(connection, {"secret": SECRET, "integration_code": INTEGRATION_CODE}, by="anna")
        self.see("a good test", self.browser.post(test))

    def create_tickets(self) -> None:
        create_ticket(self.scene.run, user=self.scene.operator)
        refused = self.scene.another_run("refused")
        self.autotask.refuse(f"No: {SECRET} of {USERNAME} with {INTEGRATION_CODE} may not.")  # vendors do echo
        create_ticket(refused, user=self.scene.operator)
        for loss in (self.autotask.lose_the_answer, self.autotask.garble_the_answer, self.autotask.fail_after_commit):
            loss()
            create_ticket(self.scene.another_run(loss.__name__), user=self.scene.operator)
        run_due_jobs()

    def fail_a_job(self) -> None:
        def leak(claim: jobs.Claim, connection_id: int) -> None:
            connection = Connection.objects.get(pk=connection_id)
            with open_connection(connection, source="leak") as api:
                opened = connection.credentials.open()
                raise RuntimeError(f"{api!r} {connection!r} {connection.credentials!r} {list(opened)}")

        registry.register(IntegrationKind(slug="leaky", label="Leaky", roles=(), jobs={"leak": leak}))
        try:
            jobs.enqueue("leaky.leak", self.scene.connection.pk)
            run_due_jobs()
        finally:
            registry._kinds.pop("leaky")

    def look_at_everything(self) -> None:
        for model in admin.site._registry:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            self.see(f"{name}_changelist", self.browser.get(reverse(f"{name}_changelist")))
            for record in model._default_manager.all()[:20]:
                for page in ("change", "history"):
                    try:
                        address = reverse(f"{name}_{page}", args=[record.pk])
                    except NoReverseMatch:
                        continue
                    self.see(address, self.browser.get(address))
        for address in (reverse("admin:index"), "/healthz", "/readyz", "/metrics"):
            self.see(address, self.browser.get(address))

    def export(self) -> None:
        written = io.StringIO()
        call_command("export_config", stdout=written)
        self.pages.append(("export_config", written.getvalue()))


def live(day: Day) -> None:
    day.sign_in()
    day.test_it(day.add_a_connection())
    day.create_tickets()
    day.fail_a_job()
    day.look_at_everything()
    day.export()


def assert_nothing_leaked(day: Day, reports: list[str], log: pytest.LogCaptureFixture) -> None:
    written = logging.Formatter()  # with the tracebacks
    lines = [(f"log {record.name}", written.format(record)) for record in log.records]
    sentry = [("a report", text) for text in reports]
    assert len(day.pages) > 40
    assert reports, "the failing job was not reported"
    assert Job.objects.filter(error_class="bug").exists()
    assert Run.objects.count() >= 5
    found = leaks(day.secrets, iter([*everything_stored(), *day.pages, *lines, *sentry]))
    assert found == []


def test_secrets_appear_nowhere(autotask: Autotask, reports: list[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    day = Day(autotask, seed=0)
    live(day)
    assert_nothing_leaked(day, reports, caplog)


@pytest.mark.proof
@pytest.mark.parametrize("case", range(10))
def test_odd_secrets_appear_nowhere(
    autotask: Autotask, reports: list[str], caplog: pytest.LogCaptureFixture, case: int
) -> None:
    caplog.set_level(logging.DEBUG)
    day = Day(autotask, seed=SEED * 1000 + case + 1)
    live(day)
    assert_nothing_leaked(day, reports, caplog)


@pytest.mark.parametrize("place", ["customer", "mapping"])
def test_the_search_would_find_a_leak_in_any_spelling(place: str) -> None:
    world = make_world()
    for number, spelling in enumerate(sorted(spellings(f"canary{ODD}"))):
        customer = Customer.objects.create(client=world.elite, name=spelling if place == "customer" else f"C{number}")
        if place == "mapping":
            CompanyMapping.objects.create(customer=customer, company_id=1, company_name="x", cause=spelling)
    found = leaks({"it": f"canary{ODD}"}, everything_stored())
    assert len(found) >= len(spellings(f"canary{ODD}"))

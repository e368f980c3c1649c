"""P23, long: people limited to some clients, drawn at random, never see a word of another client anywhere."""

from __future__ import annotations

import random

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from model_bakery import baker

from integrations.backup_tickets.models import BackupJob, Customer, Run
from integrations.core import roles
from integrations.core.models import ApiCall, AuditEntry, Client, Connection, HeldItem, Integration, Stream
from tests.core.world import browser, person
from tests.seeds import SEED

pytestmark = [pytest.mark.proof, pytest.mark.django_db]
CLIENTS = 6


def furnish(word: str) -> Client:
    """A client, and a record of everything that has a page, each with the client's word in what is shown."""
    client = Client.objects.create(slug=word, name=f"{word} client")
    connection = Connection.objects.create(client=client, slug=f"{word}-psa", vendor="autotask")
    tickets = Integration.objects.create(client=client, slug=f"{word}-tickets", kind="backup_tickets")
    stream = Stream.objects.create(integration=tickets, slug="mapping_check", interval_minutes=5)
    baker.make(HeldItem, stream=stream, record_id=f"{word}:1", state="held", cause="bug", sentence=f"{word} is held.")
    customer = Customer.objects.create(client=client, name=f"{word} customer")
    job = BackupJob.objects.create(customer=customer, name=f"{word} job")
    now = timezone.now()
    baker.make(
        Run, client=client, job=job, external_id=f"{word}-1", status="error", started_at=now, needs_attention=True
    )
    ApiCall.objects.create(at=now, connection=connection, method="GET", host=f"{word}.example", route=f"/{word}")
    AuditEntry.objects.create(action="core.test", client=client, actor="somebody", record=f"{word}:1", at=now)
    return client


def pages(word: str) -> list[str]:
    lists = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in admin.site._registry
    ]
    run_list = reverse("admin:backup_tickets_run_changelist")
    searched = [f"{page}?q={word}" for page in lists]
    files = [f"{reverse('admin:backup_tickets_run_export')}?as={kind}&show=all" for kind in ("csv", "xlsx")]
    failures = reverse("admin:failures")
    lists += [failures, f"{failures}?ignored=1"]
    return [reverse("admin:index"), *lists, *searched, *files, f"{run_list}?show=all", f"{run_list}?ticket=needed"]


@pytest.mark.parametrize("case", range(10))
def test_nobody_sees_a_word_of_a_client_that_is_not_theirs(case: int) -> None:
    chance = random.Random(f"P23 {SEED} {case}")
    words = [f"{chance.getrandbits(48):012x}" for _ in range(CLIENTS)]
    clients = {word: furnish(word) for word in words}
    mine = chance.sample(words, chance.randint(0, CLIENTS - 1))
    role = chance.choice((roles.ADMIN, roles.OPERATOR, roles.REPORTER))
    visitor = browser(person("lena", role, clients=[clients[word] for word in mine]))
    seen = set()
    foreign = [word for word in words if word not in mine]
    for page in pages(foreign[0]):
        answer = visitor.get(page)
        said = (answer.getvalue() if answer.streaming else answer.content).decode(errors="replace")
        if "q=" in page:
            said = said.replace(foreign[0], "what was searched for") if answer.status_code == 200 else said
        assert not [word for word in foreign if word in said], f"seed {SEED}, case {case}: {role} on {page}"
        seen |= {word for word in mine if word in said}
    assert seen == set(mine)

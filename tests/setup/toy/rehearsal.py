from __future__ import annotations

from integrations.core.config import apply_config
from integrations.core.jobs import enqueue
from integrations.core.models import Integration
from integrations.demo.stage import Chapter, Stage, expect

from .models import Reading
from .weather.simulator import KEY

WORLD = """
[[clients]]
slug = "house"
name = "House"

  [[clients.connections]]
  slug = "weather"
  vendor = "weather"
  base_url = "{url}"
  allow_private_address = true
  credentials = {{ key = "{key}" }}

  [[clients.integrations]]
  slug = "toy"
  kind = "toy"
  roles = {{ weather = "weather" }}
  options = {{ warm_from = 21.0 }}
"""


def build(stage: Stage) -> str:
    apply_config(WORLD.format(url=stage.simulators["weather"].url, key=KEY))
    return "a client with a toy"


chapter = Chapter("toy", "It is warm", world=build)


@chapter.step("A job reads the weather, and the operator sees it")
def read(stage: Stage) -> str:
    reading = Reading.objects.create(integration=Integration.objects.get(kind="toy"))
    enqueue("toy.work", reading.pk)
    stage.wait_for(lambda: Reading.objects.filter(pk=reading.pk, verdict="warm").exists(), "the answer")
    page = stage.visitor("operator").get("/admin/toy/reading/")
    expect(page.status == 200 and "warm" in page.text, f"the page says: {page.text[:400]}")
    return "warm"


@chapter.step("An admin tests the connection")
def connection(stage: Stage) -> str:
    visitor = stage.visitor("admin")
    form = visitor.get(visitor.get("/admin/core/connection/").link(r"/connection/\d+/change/"))
    page = visitor.press(form, "Test connection")
    expect("It is 21.5 °C." in page.text, f"the page says: {page.text[:400]}")
    return "the step is shown"

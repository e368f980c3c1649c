"""`make screenshots`: take the pictures of docs/images from a rehearsal in a temporary database."""

from __future__ import annotations

import base64
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from playwright.sync_api import Browser, Page, sync_playwright

from integrations.demo.visitor import Visitor
from tests.browser.chromium import ARGUMENTS, WHERE

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
DESKTOP, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
RUN_CHECKS = "/admin/backup_tickets/run/"
JOB, INTEGRATION = r"/backupjob/\d+/change/", r"/core/integration/\d+/change/"
CONNECTION = r"/connection/\d+/change/"
# name, colour scheme, size
LOOKS = (("", "light", DESKTOP), ("-dark", "dark", DESKTOP), ("-phone", "light", PHONE))
QUALITY = 0.85
# Chromium writes WebP itself: a quarter of the size of its PNG.
TO_WEBP = """async ([png, quality]) => {
    const image = new Image();
    image.src = "data:image/png;base64," + png;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", quality).split(",")[1];
}"""


@contextmanager
def rehearsal() -> Iterator[dict[str, str]]:
    """A portal with the demo's world, and its environment."""
    from integrations.demo import temporary

    with tempfile.TemporaryDirectory() as folder:
        environment = temporary.environment(Path(folder))
        with subprocess.Popen(
            [sys.executable, "manage.py", "demo"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("Ctrl-C"):
                    break
            try:
                yield environment
            finally:
                process.terminate()
                process.communicate()


def addresses(environment: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Who looks at what: picture → (person, path). Makes one ticket on the way, so that there is one to see."""
    person = {name: Visitor(environment["PORTAL_BASE_URL"]) for name in ("operator", "admin")}
    for name, visitor in person.items():
        visitor.sign_in(name, environment["DEMO_PASSWORD"])

    def run(customer: str) -> str:
        path = RUN_CHECKS + r"\d+/change/"
        return person["operator"].get(f"{RUN_CHECKS}?q={customer}&show=attention").link(path).partition("?")[0]

    done, waiting, unmapped = run("Harbour"), run("Kestrel"), run("Copper")
    preview = person["operator"].get(done.replace("/change/", "/ticket/"))
    person["operator"].press(preview, "Create ticket")
    customer = person["operator"].get(unmapped).link(r"/customer/\d+/change/")
    return {
        "overview": ("operator", "/admin/"),
        "run-checks": ("operator", RUN_CHECKS),
        "run": ("operator", waiting),
        "preview": ("operator", waiting.replace("/change/", "/ticket/")),
        "ticket": ("operator", done),
        "resolve": ("operator", done.replace("/change/", "/resolve/")),
        "link": ("operator", waiting.replace("/change/", "/link/")),
        "bulk": ("operator", bulk(person["operator"])),
        "customers": ("operator", "/admin/backup_tickets/customer/"),
        "customer": ("operator", person["operator"].get(done).link(r"/customer/\d+/change/")),
        "suggestions": ("operator", suggestions(person["operator"])),
        "job": ("operator", person["operator"].get("/admin/backup_tickets/backupjob/?q=Nightly").link(JOB)),
        "streams": ("admin", person["admin"].get("/admin/core/integration/?q=tickets").link(INTEGRATION)),
        "mapping": ("operator", customer.replace("/change/", "/companies/") + "?q=Copper"),
        "settings": ("admin", person["admin"].get("/admin/backup_tickets/ticketoptions/").url),
        "search": ("operator", "/admin/search/?q=kestrel"),
        "jobs": ("admin", "/admin/core/job/"),
        "api-calls": ("admin", "/admin/core/apicall/"),
        **alerts(person["admin"]),
        **toga(person["admin"]),
        **freshservice(person["admin"]),
        **itop(person["admin"]),
        **failures(person["admin"]),
        "connection": ("admin", person["admin"].get("/admin/core/connection/?q=autotask").link(CONNECTION)),
    }


def alerts(admin: Visitor) -> dict[str, tuple[str, str]]:
    """What is wrong now and what was, one of them, where it is told, and the sender that fell silent."""
    wait_for(admin, "/admin/core/alertchannel/", "works")
    channel = admin.get("/admin/core/alertchannel/").link(r"/alertchannel/\d+/change/")
    alert = admin.get("/admin/core/alert/?rule=webhooks_silent").link(r"/core/alert/\d+/change/")
    silent = admin.get("/admin/core/connection/?webhooks=stopped").link(CONNECTION)
    return {
        "alerts": ("operator", "/admin/core/alert/"),
        "alert": ("operator", alert.partition("?")[0]),
        "alert-channel": ("admin", channel),
        "alert-rules": ("admin", "/admin/core/alertrule/"),
        "sender-watch": ("admin", silent.partition("?")[0]),
    }


def toga(admin: Visitor) -> dict[str, tuple[str, str]]:
    """The sync of two helpdesks: its streams, one of them after a dry run, what that showed, the settings."""
    integration = admin.get("/admin/core/integration/?q=toga_togadesk").link(INTEGRATION)
    stream = integration.replace("change/", "stream/tickets_to_togadesk/")
    run = admin.press(admin.get(stream), "Dry run").url
    wait_for(admin, run, "Would be:")
    settings = admin.get("/admin/toga_togadesk/syncoptions/").link(r"/syncoptions/\d+/change/")
    return {
        "toga": ("admin", integration),
        "toga-stream": ("admin", stream),
        "toga-dry-run": ("admin", run),
        "toga-settings": ("admin", settings),
    }


def freshservice(admin: Visitor) -> dict[str, tuple[str, str]]:
    """A client's Freshservice after its first run: webhooks that came before it, after it, and one that waits."""
    integration = admin.get("/admin/core/integration/?q=freshservice_toga").link(INTEGRATION)
    stream, inbox = integration.replace("change/", "stream/catch_up/"), "/admin/core/webhookdelivery/"
    connection = admin.get("/admin/core/connection/?q=freshservice").link(CONNECTION)
    site = dict(admin.get(connection).form_with("Save")[0].fields)["base_url"]

    def do(act: str, **values: Any) -> Any:
        return admin.post_json(f"{site}/_simulator/do", {"action": act, **values}, token="")[1]["done"]

    do("reply", ticket=101, text="<p>May we have it for an hour?</p>")
    wait_for(admin, f"{inbox}?state__exact=ignored", "ticket:101")
    dry_run = admin.press(admin.get(stream), "Dry run").url
    wait_for(admin, dry_run, "Would be:")
    admin.press(admin.get(stream), "Approve the first run")
    admin.press(admin.get(stream), "Run now")
    wait_for(admin, stream, "recording.mp4")
    ticket = do("new_ticket", subject="The scanner asks for a password", description="<p>It never did before.</p>")
    do("reply", ticket=ticket, text="<p>The password is on its label.</p>")
    do("answer", ticket=102, text="<p>Thank you, it works.</p>")
    wait_for(admin, f"{inbox}?state__exact=done", "ticket:102")
    do("switch", name="url_lifetime", value=-10)
    do("attach", ticket=ticket, name="scan.txt", text="Invoice 2041")
    wait_for(admin, f"{inbox}?state__exact=waiting", "expired")
    settings = admin.get("/admin/freshservice_toga/freshserviceoptions/").link(r"/freshserviceoptions/\d+/change/")
    replay = admin.press(admin.get("/admin/core/replay/add/"), "Show what it would do").url
    delivery = admin.get(f"{inbox}?state__exact=done").link(r"/webhookdelivery/\d+/change/")
    return {
        "freshservice-dry-run": ("admin", dry_run),
        "freshservice-stream": ("admin", stream),
        "freshservice-webhooks": ("admin", connection.replace("/change/", "/webhooks/")),
        "freshservice-settings": ("admin", settings),
        "inbox": ("admin", inbox),
        "replay": ("admin", replay),
        "delivery": ("admin", delivery.partition("?")[0]),
    }


def itop(admin: Visitor) -> dict[str, tuple[str, str]]:
    """A bridge of two iTops at work: its pairs, one that was talked in on both sides, and what a run would write."""
    integration = admin.get("/admin/core/integration/?q=itop_bridge").link(INTEGRATION)
    connection = {
        role: admin.get(f"/admin/core/connection/?q=itop-{role}").link(CONNECTION) for role in ("external", "internal")
    }
    root = {role: dict(admin.get(page).form_with("Save")[0].fields)["base_url"] for role, page in connection.items()}

    def do(role: str, act: str, **values: Any) -> Any:
        return admin.post_json(f"{root[role]}/_simulator/do", {"action": act, **values}, token="")[1]["done"]

    scanner = "<p>It never did before.</p>"
    ticket = do("external", "new_ticket", title="The scanner asks for a password", description=scanner)
    wait_for(admin, f"/admin/itop_bridge/pair/?q={ticket}", "1 result")
    pair = admin.get(f"/admin/itop_bridge/pair/?q={ticket}").link(r"/pair/\d+/change/").partition("?")[0]
    number = int(admin.get(pair).link("class=Ticket&amp;id=5").rpartition("id=")[2])  # the twin's
    do("external", "add_log", ticket=ticket, text="Is there one for all of us?", by="otto")
    do("internal", "add_log", ticket=number, text="It is on its label.")
    do("external", "attach", ticket=ticket, name="label.txt", text="The label is under the lid.")
    do("internal", "stimulate", ticket=number, stimulus="ev_assign")
    wait_for(admin, pair, "to assigned outside")
    wait_for(admin, "/admin/core/webhookdelivery/?state__exact=waiting&q=attachment", "0 results")
    do("external", "webhook", drop_rate=1.0)
    do("external", "new_ticket", title="The clock in the hall is late")
    do("external", "edit_ticket", ticket=ticket, title="The scanner asks for a password again")
    do("external", "add_log", ticket=1, text="When will it be here?")
    dry_run = admin.press(admin.get(integration.replace("change/", "stream/reconcile/")), "Dry run").url
    wait_for(admin, dry_run, "Would be:")
    return {
        "itop-pairs": ("admin", "/admin/itop_bridge/pair/"),
        "itop-pair": ("admin", pair),
        "timeline": ("admin", f"{pair}#timeline"),
        "itop-settings": ("admin", admin.get("/admin/itop_bridge/bridgeoptions/").link(r"/bridgeoptions/\d+/change/")),
        "itop-webhooks": ("admin", connection["external"].replace("/change/", "/webhooks/")),
        "itop-dry-run": ("admin", dry_run),
    }


def failures(admin: Visitor) -> dict[str, tuple[str, str]]:
    """What the other chapters left waiting, and what a retry of one group would do."""
    page = admin.get("/admin/failures/")
    return {"failures": ("admin", page.url), "failures-preview": ("admin", admin.press(page, "Retry …").url)}


def bulk(operator: Visitor) -> str:
    """The page of a bulk action that waits for its confirmation."""
    page = operator.get(f"{RUN_CHECKS}?q=Off-site&show=attention")
    runs = [link.split("/")[-3] for link in page.links(RUN_CHECKS + r"\d+/change/")]
    return operator.press(page, "Create tickets", {"run": runs}).url


def suggestions(operator: Visitor) -> str:
    """The page of proposed companies, once they were looked for."""
    page = operator.get("/admin/backup_tickets/customer/suggestions/")
    operator.press(page, "Look for companies of unmapped customers")
    wait_for(operator, page.url, "Perhaps")
    return page.url


def restore(environment: dict[str, str]) -> dict[str, tuple[str, str]]:
    """A database that was put back under the portal: the report of what was made since. The last picture of all, since
    from then on every page says that writes are paused."""
    operator, admin = (Visitor(environment["PORTAL_BASE_URL"]) for _ in range(2))
    operator.sign_in("operator", environment["DEMO_PASSWORD"])
    admin.sign_in("admin", environment["DEMO_PASSWORD"])
    live = environment["DATABASE_URL"].removeprefix("sqlite:///")

    def create() -> None:
        listed = operator.get(f"{RUN_CHECKS}?q=Off-site&show=attention")
        run = listed.link(RUN_CHECKS + r"\d+/change/").partition("?")[0]
        operator.press(operator.get(run.replace("/change/", "/ticket/")), "Create ticket")

    with sqlite3.connect(live) as now, sqlite3.connect(":memory:") as copy:
        now.backup(copy)
        time.sleep(11)  # a backup that is put back within ten seconds is not noticed
        create()
        create()
        copy.backup(now)
    create()  # refused: the door of all writes notices
    reports = "/admin/core/writehold/"
    report = admin.get(reports).link(r"/writehold/\d+/change/").partition("?")[0]
    wait_for(admin, report, "Resume writes")
    return {"restore-report": ("admin", report), "restore-banner": ("operator", RUN_CHECKS)}


def wait_for(visitor: Visitor, address: str, text: str) -> None:
    """Until the page says it, or for half a minute."""
    ends = time.monotonic() + 30
    while text not in visitor.get(address).text and time.monotonic() < ends:
        time.sleep(0.5)


def sign_in(page: Page, environment: dict[str, str], username: str) -> None:
    page.goto(environment["PORTAL_BASE_URL"] + "/admin/login/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", environment["DEMO_PASSWORD"])
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/admin/")


class Camera:
    """Takes pictures of one look. `png` is a folder for the originals, to be looked at."""

    def __init__(self, browser: Browser, look: tuple[str, str, dict[str, int]], png: Path) -> None:
        self.suffix, scheme, size = look
        self.png = png
        self.browser = browser
        self.settings = {"viewport": size, "color_scheme": scheme}
        self.dark_room = browser.new_page()

    def page(self) -> Page:
        return self.browser.new_page(**self.settings)  # type: ignore[arg-type]  # the literals of LOOKS

    def shoot(self, page: Page, name: str) -> None:
        page.wait_for_load_state("networkidle")
        picture = page.screenshot(path=self.png / f"{name}{self.suffix}.png")
        encoded = base64.b64encode(picture).decode()
        webp = self.dark_room.evaluate(TO_WEBP, [encoded, QUALITY])
        (IMAGES / f"{name}{self.suffix}.webp").write_bytes(base64.b64decode(webp))


def take(
    camera: Camera, environment: dict[str, str], pages: dict[str, tuple[str, str]], *, with_doors: bool = True
) -> None:
    base = environment["PORTAL_BASE_URL"]
    for person in ("operator", "admin"):
        page = camera.page()
        if person == "operator" and with_doors:
            page.goto(f"{base}/admin/login/")
            camera.shoot(page, "sign-in")
        sign_in(page, environment, person)
        for name, (who, address) in pages.items():
            if who == person:
                page.goto(address if address.startswith("http") else base + address)
                camera.shoot(page, name)
        if person == "admin" and with_doors:  # the last page is the connection's
            page.get_by_role("button", name="Test connection").click()
            camera.shoot(page, "connection-test")
        page.context.close()


def main(arguments: list[str]) -> int:
    if WHERE is None:
        print("chromium is missing: apt install chromium", file=sys.stderr)
        return 1
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    IMAGES.mkdir(exist_ok=True)
    with rehearsal() as environment, sync_playwright() as playwright, tempfile.TemporaryDirectory() as originals:
        pages = addresses(environment)
        browser = playwright.chromium.launch(executable_path=WHERE, args=ARGUMENTS)
        for look in LOOKS:
            take(Camera(browser, look, Path(arguments[0] if arguments else originals)), environment, pages)
        after = restore(environment)
        for look in LOOKS:
            camera = Camera(browser, look, Path(arguments[0] if arguments else originals))
            take(camera, environment, after, with_doors=False)
        browser.close()
    print(f"{len(LOOKS) * (len(pages) + len(after) + 2)} pictures in {IMAGES.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

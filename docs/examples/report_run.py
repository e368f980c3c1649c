#!/usr/bin/env python3
"""Run a backup command and report its result to the portal. One file, Python 3.8 or later, nothing to install.

    report_run.py --customer "Harbour Lane Dental" --job "Nightly" -- restic backup --json /srv/data

The command's output is passed through, and its exit status is this program's. What is reported:

    exit status 0           success
    3 (restic), 1 (borg)    warning: some files could not be read
    any other               error

Of restic's JSON lines the summary becomes the remark and each error an object; of other programs the last lines of
their error output become the remark. The portal's address and the token are taken from PORTAL_URL and PORTAL_TOKEN, or
PORTAL_TOKEN_FILE. A run that could not be reported is said so on the error output; the backup counts all the same.
"""

import argparse
import datetime
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

TRIES = (0, 5, 30)  # seconds waited before each attempt to report, unless PORTAL_TRIES says how many
KEPT = 20  # last lines of error output for the remark
MOST_OBJECTS = 200
WARNINGS = {"restic": (3,), "borg": (1,), "borgmatic": (1,), "rsync": (23, 24)}


def main():
    given = arguments()
    started = now()
    code, lines, last = run(given.command)
    report = {
        "external_id": given.external_id or f"{socket.gethostname()}/{given.job}/{started}/{os.getpid()}",
        "customer": given.customer,
        "job": given.job,
        "backup_type": given.type or os.path.basename(given.command[0]),
        "status": status(given.command[0], code),
        "started_at": started,
        "finished_at": now(),
        "remark": "",
        "objects": [],
    }
    describe(report, lines, last, code)
    send(report)
    return code


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customer", required=True)
    parser.add_argument("--job", required=True)
    parser.add_argument("--type", default="", help="what kind of backup; else the command's name")
    parser.add_argument("--external-id", default="", help="the run's identity; else host, job and start")
    parser.add_argument("command", nargs="+", help="after --, the backup command")
    return parser.parse_args()


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")  # noqa: UP017 — Python 3.8


def run(command):
    """The exit status, the JSON lines of both outputs, and the last other lines of the error output."""
    lines, last = [], []
    try:
        process = subprocess.Popen(  # noqa: S603 — the caller's own command
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 127, [], [str(error)]
    for line in process.stdout:
        sys.stdout.write(line)
        try:
            value = json.loads(line)
        except ValueError:
            last = [*last, line.rstrip()][-KEPT:]
        else:
            if isinstance(value, dict) and value.get("message_type") in ("summary", "error", "exit_error"):
                lines.append(value)
    return process.wait(), lines, [line for line in last if line]


def status(program, code):
    if code == 0:
        return "success"
    return "warning" if code in WARNINGS.get(os.path.basename(program), ()) else "error"


def describe(report, lines, last, code):
    """Fill in remark and objects: restic's own summary and errors, else the last lines of output."""
    errors = [line for line in lines if line["message_type"] == "error"]
    summary = next((line for line in lines if line["message_type"] == "summary"), None)
    for line in errors[:MOST_OBJECTS]:
        error = line.get("error") or {}
        message = error.get("message") or error.get("Err") or line.get("error.message") or json.dumps(error)
        item = str(line.get("item") or "?")[:300]
        report["objects"].append({"name": item, "status": "error", "message": str(message)})
    if summary:
        size = summary.get("data_added", 0) / 1_000_000
        report["remark"] = (
            f"Snapshot {summary.get('snapshot_id', '?')}: {summary.get('files_new', 0)} files new, "
            f"{summary.get('files_changed', 0)} changed, {size:.1f} MB added."
        )
    elif code:
        report["remark"] = "\n".join([f"The command ended with status {code}.", *last])


def token():
    given = os.environ.get("PORTAL_TOKEN", "")
    if given or not os.environ.get("PORTAL_TOKEN_FILE"):
        return given
    with open(os.environ["PORTAL_TOKEN_FILE"]) as file:
        return file.read().strip()


def send(report):
    url = os.environ.get("PORTAL_URL", "").rstrip("/") + "/api/v1/runs"
    problem = ""
    for pause in TRIES[: int(os.environ.get("PORTAL_TRIES", len(TRIES)))]:
        time.sleep(pause)
        try:
            headers = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json"}
            request = urllib.request.Request(url, json.dumps({"runs": [report]}).encode(), headers)  # noqa: S310
            with urllib.request.urlopen(request, timeout=30):  # noqa: S310 — the address is the caller's
                return
        except urllib.error.HTTPError as error:
            problem = f"{error.code}: {error.read(2000).decode(errors='replace')}"
            if error.code < 500 and error.code != 429:
                break  # sending the same again would not help
        except (OSError, ValueError) as error:
            problem = str(error)
    sys.stderr.write(f"report_run: the portal did not take the run: {problem}\n")


if __name__ == "__main__":
    sys.exit(main())

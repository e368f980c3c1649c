"""Works the tickets of TOGA 2 off in this process, slice after slice, until the run is over."""

from __future__ import annotations

import django


def main() -> None:
    django.setup()
    from integrations.core.models import Stream
    from integrations.core.streams import run_now

    print(run_now(Stream.objects.get(slug="tickets_to_togadesk")).outcome, flush=True)


if __name__ == "__main__":
    main()

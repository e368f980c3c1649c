"""The seed of the long runs: what `make proof SEED=…` chose, else 0. Every drawn value in them follows from it."""

from __future__ import annotations

import os

VARIABLE = "PROOF_SEED"
SEED = int(os.environ.get(VARIABLE, "0"))

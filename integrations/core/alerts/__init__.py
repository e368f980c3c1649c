"""Alerts: rules find what is wrong, each finding is a row that opens once and is over once, and people are told by
e-mail or webhook, without floods. `rules` → `deciding` (pure) → `evaluating` → `notices` → `sending`."""

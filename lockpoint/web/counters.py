"""Counters; labels are our words, never ids."""

from typing import Final

from prometheus_client import Counter

TOKENS_REFUSED: Final = Counter("lockpoint_tokens_refused", "Refused tokens", ["guard", "reason"])
HINTS: Final = Counter("lockpoint_hints", "Webhooks by event and what came of them", ["event", "outcome"])

"""Agreements that are never offered or accepted but by a click (protocol, section 3)."""

#: They give something away.
CLICK_ONLY = frozenset({"PDC-INTENT", "PDC-GOOD", "PDC-AI"})

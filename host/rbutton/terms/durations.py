"""Spans of time. Imports nothing: the host's first answer needs it."""

#: The days of a unit, as spans are compared (protocol, section 3).
DAYS = {"D": 1, "M": 31, "Y": 366}

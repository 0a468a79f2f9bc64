"""Decisions: what to proffer, how to read an answer, what to show.

The person's wishes applied to terms. No I/O: records, settings and the time come in as values.
"""

"""Terms: clauses, the roster, comparison and the signed documents.

Pure: frozen values in, frozen values out. No file, clock, socket or keyring.
"""

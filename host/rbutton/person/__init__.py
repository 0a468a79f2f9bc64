"""The person's things on disk: `terms.toml`, the ledger, the seed of the keys.

Knows nothing of browsers, and decides nothing of the protocol.
"""

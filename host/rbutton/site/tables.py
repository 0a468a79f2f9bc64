"""The store's two tables, as the newest release has them.

Times are RFC 3339 text in UTC: the same in every database, and in order as text.
"""

from sqlalchemy import Column, Index, LargeBinary, MetaData, String, Table

_METADATA = MetaData()

#: One row an answered payload; its id as primary key makes the first answer the only one.
ANSWER = Table(
    "emanciterms_answer",
    _METADATA,
    Column("id", String(43), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("at", String(20), nullable=False),
    Column("until", String(20)),
    Column("body", LargeBinary, nullable=False),
    # Of a decline or a counter: what comes again afterwards has expired, and is refused for that.
    Column("forget", String(20), index=True),
    # When it ended, or will by itself.
    Column("ended", String(20), index=True),
    Index("ix_emanciterms_answer_at", "at", "id"),
)
#: One row a withdrawn agreement: the notice that ended it, and what it was answered with.
NOTICE = Table(
    "emanciterms_notice",
    _METADATA,
    Column("under", String(43), primary_key=True),
    Column("hash", String(43), nullable=False),
    Column("at", String(20), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
)

"""Text that a stranger wrote, made fit to be shown as text."""

import unicodedata


def plain(text: str, most: int) -> str:
    """On one line, without control, format and bidi characters, of at most `most` characters."""
    shown = "".join(
        " " if character.isspace() else character
        for character in text[:most]
        if character.isspace() or unicodedata.category(character)[0] not in "CZ"
    )
    return few_marks(" ".join(shown.split()))


def few_marks(text: str) -> str:
    """With no more than four marks on a letter: more make it as wide and high as they like."""
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        if marks <= 4:
            kept.append(character)
    return "".join(kept)


def escaped(body: bytes, most: int) -> str:
    """Bytes as they are, but for what would not be seen or would turn the text around.

    Args:
        body: of any kind.
        most: characters, of which more are told by "…".
    """
    text = body[: most * 4 + 4].decode("utf-8", "replace")
    cut = len(text) > most or len(body) > most * 4 + 4
    shown = "".join(_seen(character) for character in text[:most])
    return f"{shown}…" if cut else shown


def _seen(character: str) -> str:
    if character in "\n\t " or unicodedata.category(character)[0] not in "CZ":
        return character
    return f"\\u{{{ord(character):x}}}"

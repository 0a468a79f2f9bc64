"""Whether a page announces ⊃, by header or by element, as the button reads it.

By hand, as a stranger wrote it: each of these goes once over its text, whatever is in that.
"""

import re

#: As extension/link.js: far more than any page has.
_LINKS = 64
_LONGEST = 16_384
#: Characters of one element that are looked at.
_ELEMENT = 2_048
_ATTRIBUTE = re.compile(r"""([^\s=/"'>]+)(?:\s{0,9}=\s{0,9}("[^"]*"|'[^']*'|[^\s"'>]+))?""")


def by_header(lines: list[str]) -> bool:
    """Whether one of these `Link` lines (RFC 8288) announces; an `anchor` makes it another's."""
    return any(
        "anchor" not in given and "emanciterms" in given.get("rel", "").lower().split()
        for line in lines[:_LINKS]
        for given in _links(line[:_LONGEST])[:_LINKS]
    )


def by_element(html: bytes) -> bool:
    """Whether a `<link rel="emanciterms" href=…>` stands in the page, outside of comments."""
    # In lower case as bytes, which is ASCII alone: of some letters the lower case is longer.
    text = _without_comments(html.lower().decode("utf-8", "replace"))
    at = text.find("<link")
    while at >= 0:
        end = text.find(">", at, at + _ELEMENT)
        if end >= 0 and text[at + 5].isspace():
            given: dict[str, str] = {}
            for name, value in _ATTRIBUTE.findall(text[at + 5 : end]):
                given.setdefault(name, value.strip("\"'"))
            if "href" in given and "emanciterms" in given.get("rel", "").split():
                return True
        # What was looked at once is not looked at again: an element has no other in it.
        at = text.find("<link", max(end, at + 5))
    return False


def _without_comments(text: str) -> str:
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0:
        kept.append(text[at:start])
        end = text.find("-->", start + 4)
        if end < 0:
            return "".join(kept)
        at = end + 3
    kept.append(text[at:])
    return "".join(kept)


def _links(text: str) -> list[dict[str, str]]:
    """The parameters of each link; what cannot be read ends the list."""
    found: list[dict[str, str]] = []
    at = 0
    while True:
        at = _skip(text, at, " \t,")
        close = text.find(">", at)
        if text[at : at + 1] != "<" or close < 0:
            return found
        given: dict[str, str] = {}
        at = _skip(text, close + 1, " \t")
        while text[at : at + 1] == ";":
            start = _skip(text, at + 1, " \t")
            at = _until(text, start, " \t=;,")
            name, value = text[start:at].lower(), ""
            at = _skip(text, at, " \t")
            if text[at : at + 1] == "=":
                value, at = _value(text, _skip(text, at + 1, " \t"))
            given.setdefault(name, value)
            at = _skip(text, at, " \t")
        found.append(given)
        if text[at : at + 1] not in ("", ","):
            return found


def _value(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1] != '"':
        end = _until(text, at, " \t;,")
        return text[at:end], end
    value = []
    at += 1
    while at < len(text) and text[at] != '"':
        at += text[at] == "\\" and at + 1 < len(text)
        value.append(text[at])
        at += 1
    return "".join(value), at + 1


def _skip(text: str, at: int, these: str) -> int:
    while at < len(text) and text[at] in these:
        at += 1
    return at


def _until(text: str, at: int, these: str) -> int:
    while at < len(text) and text[at] not in these:
        at += 1
    return at

"""Values of the `EmanciTerms` header: as they are written, and as they are read from strangers."""

import base64

from rbutton.terms.encoding import b64u
from tests.vectors.making.agreement import ID
from tests.vectors.making.common import Json, thirty_two

_OTHER_ID = b64u(thirty_two("an agreement"))


def _bytes(agreement_id: str) -> str:
    """A Byte Sequence of RFC 9651: padded base64 of the common alphabet between colons."""
    data = base64.urlsafe_b64decode(agreement_id + "=")
    return f":{base64.b64encode(data).decode()}:"


#: Name → ids, the agreement to be recognised by, what is written.
_WRITTEN: dict[str, tuple[list[str], str | None, str]] = {
    "one agreement": (["SD-BASE-DP"], None, 'v=1, proffer=("SD-BASE-DP")'),
    "several, in byte order": (
        ["no-stalking", "mine-as-well", "SD-BASE", "SD-BASE-A"],
        None,
        'v=1, proffer=("SD-BASE" "SD-BASE-A" "mine-as-well" "no-stalking")',
    ),
    "no more than that there is an agent": ([], None, "v=1, proffer=()"),
    "one who is recognised": (
        ["SD-BASE-DP"],
        ID,
        f'v=1, proffer=("SD-BASE-DP"), agreement={_bytes(ID)}',
    ),
    "one whose id has other letters in base64": (
        ["do-not-track"],
        _OTHER_ID,
        f'v=1, proffer=("do-not-track"), agreement={_bytes(_OTHER_ID)}',
    ),
}

#: Name → lines, ids, the agreement.
_READ: dict[str, tuple[list[str], list[str], str | None]] = {
    "as it is written": (['v=1, proffer=("SD-BASE-DP")'], ["SD-BASE-DP"], None),
    "with an agreement": (
        [f'v=1, proffer=("SD-BASE-DP"), agreement={_bytes(ID)}'],
        ["SD-BASE-DP"],
        ID,
    ),
    "members in another order": (['proffer=("SD-BASE"), v=1'], ["SD-BASE"], None),
    "on two lines": (
        ["v=1", 'proffer=("SD-BASE" "no-stalking")'],
        ["SD-BASE", "no-stalking"],
        None,
    ),
    "blanks where they may be": (
        ['  v=1 ,\t proffer=(  "SD-BASE"   "x" )  '],
        ["SD-BASE", "x"],
        None,
    ),
    "no blanks": (['v=1,proffer=("SD-BASE")'], ["SD-BASE"], None),
    "members that nobody knows": (
        ['v=1, more=?0, date=@1659578233, list=(a 1.5 :AA==:), proffer=("SD-BASE"), n=-7'],
        ["SD-BASE"],
        None,
    ),
    "parameters, which say nothing": (
        ['v=1;a;b=2, proffer=("SD-BASE";q=0.5 "x");c="d"'],
        ["SD-BASE", "x"],
        None,
    ),
    "a member twice: the last counts": (
        ['v=2, proffer=("x"), v=1, proffer=("SD-BASE")'],
        ["SD-BASE"],
        None,
    ),
    "no proffer": (["v=1"], [], None),
    "an empty proffer": (["v=1, proffer=()"], [], None),
    "an agreement alone": ([f"v=1, agreement={_bytes(ID)}"], [], ID),
    "an id of 64 characters": ([f'v=1, proffer=("{"x" * 64}")'], ["x" * 64], None),
    "nothing at all": ([], [], None),
}

_UNREADABLE: dict[str, list[str]] = {
    "no version": ['proffer=("SD-BASE")'],
    "another version": ['v=2, proffer=("SD-BASE")'],
    "a version that is a Decimal": ['v=1.0, proffer=("SD-BASE")'],
    "a version that is true": ['v, proffer=("SD-BASE")'],
    "a version that is a String": ['v="1", proffer=("SD-BASE")'],
    "a version that is a list": ['v=(1), proffer=("SD-BASE")'],
    "a version that is a Date": ['v=@1, proffer=("SD-BASE")'],
    "a later line of another version": ['v=1, proffer=("SD-BASE")', "v=2"],
    "a proffer that is a String": ['v=1, proffer="SD-BASE"'],
    "a proffer that is true": ["v=1, proffer"],
    "a proffer of Tokens": ["v=1, proffer=(SD-BASE)"],
    "a proffer of bytes": ["v=1, proffer=(:AAAA:)"],
    "a proffer of display strings": ['v=1, proffer=(%"SD-BASE")'],
    "a proffer of an id with a space": ['v=1, proffer=("SD BASE")'],
    "a proffer of an empty id": ['v=1, proffer=("")'],
    "a proffer of an id of 65 characters": [f'v=1, proffer=("{"x" * 65}")'],
    "a proffer that is not closed": ['v=1, proffer=("SD-BASE"'],
    "a list within a list": ['v=1, proffer=(("SD-BASE"))'],
    "an item without a blank before it": ['v=1, proffer=("a""b")'],
    "a String that is not closed": ['v=1, proffer=("SD-BASE)'],
    "a String with a letter that is not ASCII": ['v=1, proffer=("é")'],
    "a String with a control character": ['v=1, proffer=("\u0001")'],
    "an escape that is none": ['v=1, proffer=("\\n")'],
    "a comma at the end": ['v=1, proffer=("SD-BASE"),'],
    "two commas": ['v=1,, proffer=("SD-BASE")'],
    "a name in upper case": ['v=1, Proffer=("SD-BASE")'],
    "something behind an item": ['v=1 x, proffer=("SD-BASE")'],
    "a blank around the equals sign": ['v = 1, proffer=("SD-BASE")'],
    "a line feed": ['v=1,\nproffer=("SD-BASE")'],
    "an Integer of 16 digits": ["v=1, n=1234567890123456"],
    "JSON": ['{"v": 1, "proffer": ["SD-BASE"]}'],
    "only blanks": ["   "],
    "a semicolon for a comma": ['v=1; proffer=("SD-BASE")x'],
    "an agreement of 31 bytes": ["v=1, agreement=:" + "A" * 42 + "==:"],
    "an agreement of 33 bytes": ["v=1, agreement=:" + "A" * 44 + ":"],
    "an agreement that is a String": [f'v=1, agreement="{ID}"'],
    "an agreement without colons": [f"v=1, agreement={ID}"],
    "an agreement in base64url": [f"v=1, agreement=:{_OTHER_ID[:-1]}-=:"],
    "an agreement that is not closed": [f"v=1, agreement={_bytes(ID)[:-1]}"],
    "an agreement that is null": ["v=1, agreement=null"],
}


def vectors() -> Json:
    """Written and read."""
    return {
        "about": (
            "`written`: the value for these roster ids and this agreement. `read`: the header's "
            "`lines`, as they come, say this. `unreadable`: they say nothing, as if absent."
        ),
        "written": [
            {"name": name, "proffer": ids, "agreement": agreement, "value": value}
            for name, (ids, agreement, value) in _WRITTEN.items()
        ],
        "read": [
            {"name": name, "lines": lines, "proffer": ids, "agreement": agreement}
            for name, (lines, ids, agreement) in _READ.items()
        ],
        "unreadable": [{"name": name, "lines": lines} for name, lines in _UNREADABLE.items()],
    }

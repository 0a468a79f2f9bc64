"""JSON texts, and whether the bounded parser takes them."""

import json

from rbutton.terms import documents
from rbutton.terms.encoding import b64u
from tests.vectors.making.common import Json

_GOOD = {
    "nothing in it": "{}",
    "members in another order": '{"b": 1, "a": [true, null, "é"]}',
    "members sorted as UTF-16 has them": (
        '{"\\u20ac": 1, "\\r": 2, "\\ufb33": 3, "1": 4, '
        '"\\ud83d\\ude00": 5, "\\u0080": 6, "\\u00f6": 7}'
    ),
    "escapes": '{"\\u20ac": "\\u000a\\/"}',
    "every short escape": '{"a": "\\b\\t\\n\\f\\r\\"\\\\\\/"}',
    "control characters that have no short escape": '{"a": "\\u0000\\u001F\\u007f"}',
    "a letter beyond 16 bits, escaped": '{"a": "\\ud83d\\ude00"}',
    "a line separator as it is": '{"a": "\u2028"}',
    "not normalized": '{"a": "e\\u0301"}',
    "blanks of every kind": ' {\t"a"\n:\r[ ] }\n',
    "sixteen levels": '{"a":' + "[" * 15 + "]" * 15 + "}",
    "brackets in a string": json.dumps({"a": "[" * 100, 'quoted " and': "\\" + "{" * 100}),
    "sixty-four items": json.dumps({"a": list(range(64))}),
    "sixty-five members, which are no list": json.dumps({f"m{n:02}": n for n in range(65)}),
    "4,096 characters": json.dumps({"a": "x" * 4096}),
    "4,096 characters beyond 16 bits": json.dumps({"a": "😀" * 4096}, ensure_ascii=False),
    "the largest integer": '{"a": 9007199254740991}',
    "the smallest integer": '{"a": -9007199254740991}',
    "nought below nought": '{"a": -0}',
}

_BAD = {
    "a duplicate member": '{"a": 1, "a": 1}',
    "a duplicate member, spelled with an escape": '{"a": 1, "\\u0061": 1}',
    "a duplicate member further down": '{"a": [{"b": 1, "b": 2}]}',
    "a lone surrogate": '{"a": "\\ud800"}',
    "a lone second surrogate": '{"a": "\\udc00\\ud800"}',
    "a lone surrogate in a name": '{"\\ud800": 1}',
    "a fraction": '{"a": 1.0}',
    "an exponent": '{"a": 1e2}',
    "not a number": '{"a": NaN}',
    "infinity": '{"a": -Infinity}',
    "a number with a nought before it": '{"a": 01}',
    "a number with a plus": '{"a": +1}',
    "an integer too large": '{"a": 9007199254740992}',
    "an integer too small": '{"a": -9007199254740992}',
    "an integer of a thousand digits": '{"a": ' + "9" * 1000 + "}",
    "seventeen levels": '{"a":' + "[" * 16 + "]" * 16 + "}",
    "thousands of levels": "[" * 5000,
    "sixty-five items": json.dumps({"a": list(range(65))}),
    "4,097 characters": json.dumps({"a": "x" * 4097}),
    "4,097 characters in a name": json.dumps({"x" * 4097: 1}),
    "65,537 bytes": json.dumps({"a": ""}) + " " * (65_537 - len(json.dumps({"a": ""}))),
    "a list": "[]",
    "a string": '"a"',
    "null": "null",
    "nothing": "",
    "a byte order mark": "\ufeff{}",
    "cut short": '{"a": 1',
    "something behind it": "{} {}",
    "a comma too many": '{"a": [1,]}',
    "a comment": "{} // nothing",
    "single quotes": "{'a': 1}",
    "a line feed in a string": '{"a": "\n"}',
    "an escape that is none": '{"a": "\\x41"}',
    "a blank that JSON has not": '{"a":\u00a01}',
}

_BAD_BYTES = {
    "a byte that is not UTF-8": b'{"a": "\xff"}',
    "a letter in more bytes than it takes": b'{"a": "\xc1\xa1"}',
    "a surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "UTF-16": '{"a": 1}'.encode("utf-16-le"),
}


def vectors() -> Json:
    """Texts that are documents, and texts that are none."""
    return {
        "about": (
            "`text` in UTF-8, or `bytes` in base64url, is a document or is none. `canonical`: its "
            "JCS form (RFC 8785) in base64url."
        ),
        "good": [
            {
                "name": name,
                "text": text,
                "canonical": b64u(documents.canonical(documents.parse(text.encode(), name))),
            }
            for name, text in _GOOD.items()
        ],
        "bad": [
            *({"name": name, "text": text} for name, text in _BAD.items()),
            *({"name": name, "bytes": b64u(data)} for name, data in _BAD_BYTES.items()),
        ],
    }

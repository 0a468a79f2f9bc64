/** Bounded, strict JSON, and its canonical form (protocol, "Parsing, everywhere"; RFC 8259, RFC 8785). */

const MAX_BYTES = 65536;
const MAX_LEVELS = 16;
const MAX_ITEMS = 64;
const MAX_CHARACTERS = 4096;
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** A document is not what the protocol says it must be; `code` is the protocol's word for it. */
export class Invalid extends Error {
  constructor(why, code = "malformed") {
    super(why);
    this.code = code;
  }
}

/**
 * Read one JSON object within the bounds. `JSON.parse` keeps the last of two members of one name,
 * and takes lone surrogates and numbers of every kind: hence a parser of our own.
 * @param {Uint8Array} bytes
 * @returns {object} without a prototype, so that `__proto__` is a name like any other
 */
export function parse(bytes) {
  if (bytes.length > MAX_BYTES) throw new Invalid("too many bytes");
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Invalid("not UTF-8");
  }
  const reader = new Reader(text);
  reader.blanks();
  if (reader.peek() !== "{") throw new Invalid("not an object");
  const value = reader.value(0);
  reader.blanks();
  if (reader.at < text.length) throw new Invalid("something behind it");
  return value;
}

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  peek() {
    return this.text[this.at];
  }

  blanks() {
    while (" \t\n\r".includes(this.peek() ?? "x")) this.at += 1;
  }

  expect(character) {
    if (this.peek() !== character) throw new Invalid(`no ${character} where one has to be`);
    this.at += 1;
  }

  value(level) {
    const first = this.peek();
    if (first === "{") return this.object(level + 1);
    if (first === "[") return this.list(level + 1);
    if (first === '"') return this.string();
    for (const [word, value] of [["true", true], ["false", false], ["null", null]]) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.integer();
  }

  /** The parts of an object or a list, with `one` reading each. */
  several(level, end, one) {
    if (level > MAX_LEVELS) throw new Invalid("too deep");
    this.at += 1;
    this.blanks();
    if (this.peek() === end) {
      this.at += 1;
      return;
    }
    for (;;) {
      this.blanks();
      one();
      this.blanks();
      if (this.peek() === end) break;
      this.expect(",");
    }
    this.at += 1;
  }

  object(level) {
    const members = Object.create(null);
    this.several(level, "}", () => {
      const name = this.string();
      if (name in members) throw new Invalid("a member twice");
      this.blanks();
      this.expect(":");
      this.blanks();
      members[name] = this.value(level);
    });
    return members;
  }

  list(level) {
    const items = [];
    this.several(level, "]", () => items.push(this.value(level)));
    if (items.length > MAX_ITEMS) throw new Invalid("too many items");
    return items;
  }

  string() {
    this.expect('"');
    let text = "";
    for (;;) {
      const character = this.peek();
      if (character === undefined || character < " ") throw new Invalid("a string that breaks off");
      this.at += 1;
      if (character === '"') break;
      text += character === "\\" ? this.escape() : character;
    }
    if (/\p{Surrogate}/u.test(text)) throw new Invalid("a lone surrogate");
    // Characters are code points: one beyond 16 bits counts once.
    if ([...text].length > MAX_CHARACTERS) throw new Invalid("a string too long");
    return text;
  }

  escape() {
    const kind = this.peek();
    this.at += 1;
    if (kind !== "u") {
      if (!Object.hasOwn(ESCAPES, kind ?? "")) throw new Invalid("an escape that is none");
      return ESCAPES[kind];
    }
    const digits = this.text.slice(this.at, this.at + 4);
    if (!/^[0-9A-Fa-f]{4}$/.test(digits)) throw new Invalid("an escape that is none");
    this.at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  integer() {
    const [digits] = /^-?(?:0|[1-9][0-9]*)/.exec(this.text.slice(this.at)) ?? [];
    if (digits === undefined) throw new Invalid("no value where one has to be");
    this.at += digits.length;
    if (/[.eE]/.test(this.peek() ?? "")) throw new Invalid("a number that is no integer");
    if (!Number.isSafeInteger(Number(digits))) throw new Invalid("a number out of range");
    return Number(digits);
  }
}

/** The JCS form of a value, as text. JavaScript sorts by UTF-16 code units, as JCS asks. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

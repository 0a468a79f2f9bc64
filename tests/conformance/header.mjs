/** The `EmanciTerms` header (protocol, section 1): a Dictionary of RFC 9651, written and read. */

import { b64u, fromB64u, isRosterId } from "./encoding.mjs";
import { Invalid } from "./json.mjs";

/** The value for these roster ids, and for an agreement that the person is recognised by. */
export function write(ids, agreement) {
  const items = [...ids].sort().map((id) => `"${id}"`);
  const value = `v=1, proffer=(${items.join(" ")})`;
  if (agreement === null) return value;
  return `${value}, agreement=:${fromB64u(agreement).toString("base64")}:`;
}

/** What the header's lines say. */
export function read(lines) {
  const text = lines.join(", ");
  if (lines.length === 0) return { proffer: [], agreement: null };
  const members = new Fields(text).dictionary();
  const version = members.get("v");
  if (version?.type !== "integer" || version.value !== 1) throw new Invalid("not of version 1");
  const proffer = members.get("proffer") ?? { type: "list", value: [] };
  if (proffer.type !== "list") throw new Invalid("a proffer that is no list");
  for (const item of proffer.value) {
    if (item.type !== "string") throw new Invalid("a proffer of something else than Strings");
    isRosterId(item.value);
  }
  const agreement = members.get("agreement");
  if (agreement && (agreement.type !== "bytes" || agreement.value.length !== 32)) {
    throw new Invalid("an agreement that is not 32 bytes");
  }
  return {
    proffer: proffer.value.map((item) => item.value),
    agreement: agreement ? b64u(agreement.value) : null,
  };
}

/** The parsing algorithms of RFC 9651, section 4.2; parameters are read and dropped. */
class Fields {
  constructor(text) {
    this.text = text;
  }

  /** What matches at the start, taken off; undefined where nothing does. */
  take(pattern) {
    const [found] = pattern.exec(this.text) ?? [];
    if (found !== undefined) this.text = this.text.slice(found.length);
    return found;
  }

  need(pattern) {
    const found = this.take(pattern);
    if (found === undefined) throw new Invalid("not a structured field");
    return found;
  }

  dictionary() {
    const members = new Map();
    this.take(/^ */);
    while (this.text !== "") {
      const key = this.need(/^[a-z*][a-z0-9_.*-]*/);
      const value = this.take(/^=/) ? this.member() : { type: "boolean", value: true };
      this.parameters();
      // The last one of a name counts.
      members.set(key, value);
      this.take(/^[ \t]*/);
      if (this.text === "") break;
      this.need(/^,[ \t]*/);
      if (this.text === "") throw new Invalid("a comma at the end");
    }
    return members;
  }

  member() {
    return this.take(/^\(/) === undefined ? this.item() : this.list();
  }

  list() {
    const items = [];
    for (;;) {
      this.take(/^ */);
      if (this.take(/^\)/)) return { type: "list", value: items };
      items.push(this.item());
      this.parameters();
      if (!/^[ )]/.test(this.text)) throw new Invalid("a list that is none");
    }
  }

  parameters() {
    while (this.take(/^;/)) {
      this.take(/^ */);
      this.need(/^[a-z*][a-z0-9_.*-]*/);
      if (this.take(/^=/)) this.item();
    }
  }

  item() {
    const first = this.text[0] ?? "";
    if (/[-0-9]/.test(first)) return this.number();
    if (first === '"') return this.string();
    if (first === ":") return this.bytes();
    if (first === "?") return { type: "boolean", value: this.need(/^\?[01]/) === "?1" };
    if (first === "@") {
      this.take(/^@/);
      if (this.number().type !== "integer") throw new Invalid("a Date that is none");
      return { type: "date", value: null };
    }
    if (first === "%") {
      this.need(/^%"(?:[\x20-\x21\x23-\x24\x26-\x7e]|%[0-9a-f]{2})*"/);
      return { type: "display", value: null };
    }
    return { type: "token", value: this.need(/^[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*/) };
  }

  number() {
    const digits = this.need(/^-?[0-9]+(?:\.[0-9]*)?/);
    const [whole, part] = digits.replace("-", "").split(".");
    if (part === undefined) {
      if (whole.length > 15) throw new Invalid("an Integer too long");
      return { type: "integer", value: Number(digits) };
    }
    if (whole.length > 12 || part.length < 1 || part.length > 3) throw new Invalid("a Decimal that is none");
    return { type: "decimal", value: Number(digits) };
  }

  string() {
    const quoted = this.need(/^"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/);
    return { type: "string", value: quoted.slice(1, -1).replace(/\\(.)/g, "$1") };
  }

  bytes() {
    const encoded = this.need(/^:[A-Za-z0-9+/=]*:/).slice(1, -1);
    return { type: "bytes", value: Buffer.from(encoded, "base64") };
  }
}

/** The strings that documents are made of, and objects whose members are checked one by one. */

import { createHash } from "node:crypto";
import { Invalid } from "./json.mjs";

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

export const utf8 = (text) => new TextEncoder().encode(text);
export const b64u = (bytes) => Buffer.from(bytes).toString("base64url");
export const sha256 = (bytes) => b64u(createHash("sha256").update(bytes).digest());

/** The bytes of base64url in its one spelling: no padding, no other letters, no bits left over. */
export function fromB64u(text) {
  const bytes = Buffer.from(text, "base64url");
  if (b64u(bytes) !== text) throw new Invalid("not base64url in its one spelling");
  return bytes;
}

/** A check that a value is text and passes `test`. */
const text = (test) => (value) => {
  if (typeof value !== "string") throw new Invalid("not text");
  test?.(value);
};

export const isText = text();
export const isHash = text((value) => {
  if (fromB64u(value).length !== 32) throw new Invalid("not 32 bytes");
});

/** Seconds since 1970 of `2026-11-22T10:00:00Z`. */
export function seconds(value) {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) ? Date.parse(value) : Number.NaN;
  // There and back: February has no 30th day, and no day a 24th hour.
  if (Number.isNaN(time) || new Date(time).toISOString() !== value.replace("Z", ".000Z")) {
    throw new Invalid("not a time");
  }
  return time / 1000;
}

export const isTime = text(seconds);

/** A URL, as the URL standard has it. */
export function parsed(value) {
  try {
    return new URL(value);
  } catch {
    throw new Invalid("not a URL");
  }
}

export const isOrigin = text((value) => {
  const url = parsed(value);
  const fit = url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.includes(url.hostname));
  if (url.origin !== value || !fit) throw new Invalid("not an origin in its one spelling");
});

export const isName = text((value) => {
  if ([...value].length > 80) throw new Invalid("a name too long");
  // Bidi characters are format characters (Cf).
  if (/[\p{Cc}\p{Cf}]/u.test(value)) throw new Invalid("a name with what is not seen");
  if (value.normalize("NFC") !== value) throw new Invalid("a name that is not composed");
});

export const isRosterId = text((value) => {
  if (!/^[A-Za-z0-9.-]{1,64}$/.test(value)) throw new Invalid("not an id of the roster");
});

export const isUuid = text((value) => {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) throw new Invalid("not a UUID");
});

/** A check that a value is exactly this one, and of its type. */
export const is = (expected) => (value) => {
  if (value !== expected) throw new Invalid(`not ${expected}`);
};

/** A check that allows null as well. */
export const orNull = (check) => (value) => {
  if (value !== null) check(value);
};

export const listOf = (check, { least = 0 } = {}) => (value) => {
  if (!Array.isArray(value) || value.length < least) throw new Invalid("not such a list");
  value.forEach(check);
};

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** A check of an object that has each of these members, and no other. */
export const closed = (members) => (value) => {
  if (!isObject(value)) throw new Invalid("not an object");
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(members, name)) throw new Invalid(`${name} is one too many`);
  }
  for (const [name, check] of Object.entries(members)) {
    if (!(name in value)) throw new Invalid(`${name} is missing`);
    check(value[name]);
  }
};

/** A check of an object that has the required ones, may have the others, and whatever else. */
export const open = (required, others) => (value) => {
  if (!isObject(value)) throw new Invalid("not an object");
  for (const [name, check] of Object.entries(required)) {
    if (!(name in value)) throw new Invalid(`${name} is missing`);
    check(value[name]);
  }
  for (const [name, check] of Object.entries(others)) if (name in value) check(value[name]);
};

/** A check of an object of any names, each with a value that passes. */
export const each = (check, { least = 0 } = {}) => (value) => {
  if (!isObject(value) || Object.keys(value).length < least) throw new Invalid("not such an object");
  Object.values(value).forEach(check);
};

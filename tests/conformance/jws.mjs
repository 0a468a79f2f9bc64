/** JWS in General JSON Serialization (RFC 7515, section 7.2.1) as the exchange uses it. */

import { verify as verifies } from "node:crypto";
import { closed, fromB64u, is, isHash, isText, listOf, sha256, utf8 } from "./encoding.mjs";
import { Invalid, canonical, parse } from "./json.mjs";
import { publicKey, thumbprint } from "./keys.mjs";

const isEnvelope = closed({
  payload: isText,
  signatures: listOf(closed({ protected: isText, signature: isText }), { least: 1 }),
});
const isProtected = closed({ alg: is("Ed25519"), kid: isHash, typ: is("emanciterms+jws") });

/**
 * Read a JWS; verify nothing yet.
 * @param {Uint8Array} bytes
 */
export function read(bytes) {
  const envelope = parse(bytes);
  isEnvelope(envelope);
  if (envelope.signatures.length > 2) throw new Invalid("more than two signatures");
  const payload = fromB64u(envelope.payload);
  const members = parse(payload);
  if (Buffer.compare(utf8(canonical(members)), payload) !== 0) throw new Invalid("not canonical");
  const signatures = envelope.signatures.map((one) => {
    const header = parse(fromB64u(one.protected));
    isProtected(header);
    fromB64u(one.signature);
    return { ...one, kid: header.kid };
  });
  return { id: sha256(payload), text: envelope.payload, members, signatures };
}

/** Check every signature, each by itself under the key that its `kid` names. */
export function verify(document, keys) {
  const byKid = new Map(keys.map((key) => [thumbprint(key), key]));
  if (new Set(document.signatures.map((one) => one.kid)).size < document.signatures.length) {
    throw new Invalid("two signatures by one key", "bad-signature");
  }
  for (const one of document.signatures) {
    const key = byKid.get(one.kid);
    if (!key) throw new Invalid("by a key that is not named", "bad-signature");
    const signed = utf8(`${one.protected}.${document.text}`);
    if (!verifies(null, signed, publicKey(key), fromB64u(one.signature))) {
      throw new Invalid("a signature that does not verify", "bad-signature");
    }
  }
}

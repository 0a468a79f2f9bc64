/** Ed25519 keys: which are refused (RFC 8032), thumbprints (RFC 7638), the person's key of a proffer. */

import { createPrivateKey, createPublicKey, hkdfSync } from "node:crypto";
import { b64u, closed, fromB64u, is, isText, sha256, utf8 } from "./encoding.mjs";
import { Invalid } from "./json.mjs";

const P = 2n ** 255n - 19n;
const D = mod(-121665n * inverse(121666n));
// PKCS #8 (RFC 8410) up to the 32 bytes.
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

function mod(value) {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

function inverse(value) {
  let result = 1n;
  let base = mod(value);
  for (let exponent = P - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = mod(result * base);
    base = mod(base * base);
  }
  return result;
}

/** y of twice the point with this y: on -x² + y² = 1 + dx²y² it follows from y² and x². */
function doubled(y) {
  const yy = mod(y * y);
  const xx = mod((yy - 1n) * inverse(D * yy + 1n));
  return mod((yy + xx) * inverse(2n + xx - yy));
}

/** Refuse what is no key to rely on: its signatures might fit any message. */
export function checkX(x) {
  const bytes = fromB64u(x);
  if (bytes.length !== 32) throw new Invalid("not 32 bytes");
  const y = BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`) & (2n ** 255n - 1n);
  if (y >= P) throw new Invalid("a key in non-canonical form");
  // Eight times a point of small order is the neutral one, whose y is 1.
  if (doubled(doubled(doubled(y))) === 1n) throw new Invalid("a key of small order");
}

export const isKey = (value) => {
  closed({ kty: is("OKP"), crv: is("Ed25519"), x: isText })(value);
  checkX(value.x);
};

export const thumbprint = ({ crv, kty, x }) => sha256(utf8(JSON.stringify({ crv, kty, x })));

export const publicKey = (jwk) => createPublicKey({ key: { ...jwk }, format: "jwk" });

/** The person's private bytes for one proffer to one origin, and the public half. */
export function derived(seed, nonce, origin) {
  const info = utf8(`emanciterms/1 person ${origin}`);
  const bytes = Buffer.from(hkdfSync("sha256", fromB64u(seed), fromB64u(nonce), info, 32));
  const der = { key: Buffer.concat([PKCS8, bytes]), format: "der", type: "pkcs8" };
  const { kty, crv, x } = createPublicKey(createPrivateKey(der)).export({ format: "jwk" });
  return { private: b64u(bytes), jwk: { kty, crv, x } };
}

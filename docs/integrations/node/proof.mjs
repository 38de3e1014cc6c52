// What a subscriber must check before it believes a door: docs/events.md, rules 1 to 5.
import { createPublicKey, verify } from "node:crypto";

const LONGEST_SECONDS = 60;

/** Return whether one of the keys has signed `bytes` as a message of `kind`. */
export function isSigned(kind, bytes, signature, keys) {
  const signed = Buffer.concat([Buffer.from(`${kind}\n`), bytes]);
  return keys.some((key) => verify(null, signed, key, Buffer.from(String(signature), "base64")));
}

/** Return the decision in a live event, or throw an Error that says why it counts for nothing. */
export function decisionIn(message, { door, keys, last, now = Date.now() }) {
  const event = JSON.parse(message);
  const bytes = Buffer.from(String(event.data_base64), "base64");
  if (!isSigned("edgeverify.decision.v1", bytes, event.signature, keys)) throw new Error("not signed by the door");
  const decision = JSON.parse(bytes);
  const ends = Date.parse(decision.expires_at);
  const lasts = (ends - Date.parse(decision.issued_at)) / 1000;
  const left = (ends - now) / 1000;
  if (decision.door !== door) throw new Error(`of another door: ${decision.door}`);
  if (!(left > 0)) throw new Error("expired");
  if (!(left <= LONGEST_SECONDS && lasts <= LONGEST_SECONDS)) throw new Error("valid for too long: a clock is wrong");
  if (!(Number.isSafeInteger(decision.sequence) && decision.sequence > last)) throw new Error("seen before");
  if (decision.opened_by) throw new Error(`opened by its ${decision.opened_by}, not by who hears of it`);
  return decision;
}

/** Return the key that a status announces, if a known key has signed the announcement for this door. */
export function announcedKey(message, { door, keys }) {
  const { next_key: next } = JSON.parse(message);
  if (!next) return undefined;
  const bytes = Buffer.from(String(next.payload), "base64");
  if (!isSigned("edgeverify.next-key.v1", bytes, next.signature, keys)) return undefined;
  const announced = JSON.parse(bytes);
  if (announced.door !== door) return undefined;
  const prefix = Buffer.from("302a300506032b6570032100", "hex"); // SubjectPublicKeyInfo of Ed25519 (RFC 8410)
  const der = Buffer.concat([prefix, Buffer.from(announced.public_key, "base64")]);
  return createPublicKey({ key: der, format: "der", type: "spki" });
}

// A lock in Node: opens for a grant that the door has signed, once, and only while it is worth something.
//   node lock.mjs DOOR PUBLIC-KEYS.pem SEQUENCE-FILE [COMMAND ARGUMENT...]
// `edgeverify keys show --pem` writes the keys. The command runs without a shell; without one it only says so.
import { execFile } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { appendFileSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { toBroker } from "./broker.mjs";
import { announcedKey, decisionIn } from "./proof.mjs";

const [door, keyFile, sequenceFile, ...command] = process.argv.slice(2);
const pems = readFileSync(keyFile, "utf8").match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g);
if (!pems) throw new Error(`${keyFile} holds no public key in PEM`);
const keys = pems.map((pem) => createPublicKey(pem));

function lastSequence() {
  try {
    return Number.parseInt(readFileSync(sequenceFile, "utf8"), 10) || 0;
  } catch (error) {
    if (error.code === "ENOENT") return 0;
    throw error;
  }
}

function keep(sequence) { // on disk before anything opens: the same grant does not open again after a restart
  const file = openSync(`${sequenceFile}.new`, "w", 0o600);
  writeSync(file, String(sequence));
  fsyncSync(file);
  closeSync(file);
  renameSync(`${sequenceFile}.new`, sequenceFile);
}

let last = lastSequence();
const broker = toBroker();
broker.on("error", (error) => console.error(`broker: ${error.message}`));
broker.on("connect", () =>
  broker.subscribe([`edgeverify/${door}/status`, `edgeverify/${door}/event`], { qos: 1 }, (error) =>
    error ? console.error(`the broker refuses: ${error.message}`) : console.log("listening"),
  ),
);
broker.on("message", (topic, message) => {
  try {
    if (topic.endsWith("/status")) {
      const key = announcedKey(message, { door, keys });
      if (key && !keys.some((known) => known.equals(key))) {
        keys.push(key);
        appendFileSync(keyFile, key.export({ type: "spki", format: "pem" })); // known after a restart, too
      }
      return;
    }
    const decision = decisionIn(message, { door, keys, last });
    keep(decision.sequence);
    last = decision.sequence;
    if (decision.outcome !== "grant") return;
    console.log(`open for ${decision.card}`);
    if (command.length) execFile(command[0], command.slice(1), (error) => error && console.error(error.message));
  } catch (error) {
    console.error(`refused: ${error.message}`);
  }
});

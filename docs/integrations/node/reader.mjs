// A card reader in Node: a line on standard input is a card number; what the door decides is printed.
//   node reader.mjs DOOR PUBLIC-KEYS.pem
import { createPublicKey, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { toBroker } from "./broker.mjs";
import { isSigned } from "./proof.mjs";

const [door, keyFile] = process.argv.slice(2);
const pems = readFileSync(keyFile, "utf8").match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g);
if (!pems) throw new Error(`${keyFile} holds no public key in PEM`);
const keys = pems.map((pem) => createPublicKey(pem));
const answers = `edgeverify/${door}/answer/${randomUUID()}`;
const asked = new Set();

const broker = toBroker();
broker.on("error", (error) => console.error(`broker: ${error.message}`));
broker.on("connect", () => broker.subscribe(answers, { qos: 1 }, () => console.log("ready")));
broker.on("message", (_topic, message) => {
  const answer = JSON.parse(message);
  const bytes = Buffer.from(String(answer.data_base64), "base64");
  if (!isSigned("edgeverify.answer.v1", bytes, answer.signature, keys)) return;
  const { claim_id: id, card, outcome, reason } = JSON.parse(bytes);
  if (asked.delete(id)) console.log(`${card}: ${outcome} (${reason})`);
});

createInterface({ input: process.stdin }).on("line", (line) => {
  const card = line.trim();
  if (!card) return;
  const id = randomUUID();
  asked.add(id);
  const claim = {
    specversion: "1.0",
    id,
    source: `/readers/${door}`,
    type: "edgeverify.claim.v1",
    time: new Date().toISOString(),
    datacontenttype: "application/json",
    data: { card },
  };
  const properties = { responseTopic: answers, correlationData: Buffer.from(id), messageExpiryInterval: 10 };
  broker.publish(`edgeverify/${door}/claim`, JSON.stringify(claim), { qos: 1, properties }, (error) =>
    error && console.error(`the claim was not taken: ${error.message}`),
  );
});

// How both examples reach the broker: from the environment, so that no password is in a file.
//   BROKER=mqtts://broker.lan:8883 LOGIN=lock-front-door PASSWORD_FILE=password CA_FILE=ca.crt
import { readFileSync } from "node:fs";
import { connect } from "mqtt";

export function toBroker() {
  const { BROKER = "mqtt://localhost:1883", LOGIN, PASSWORD_FILE, CA_FILE } = process.env;
  return connect(BROKER, {
    protocolVersion: 5,
    username: LOGIN,
    password: PASSWORD_FILE && readFileSync(PASSWORD_FILE, "utf8").trim(),
    ca: CA_FILE && readFileSync(CA_FILE),
    queueQoSZero: false,
  });
}

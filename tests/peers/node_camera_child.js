// Runs the camera that npm's `onvif` package answers its own tests with (node_camera.py says more).
//
// Everything a client receives is theirs: the replies, recorded from a real camera, their web
// server, their discovery. Ours is what they do not do: requests in another spelling than their
// own client's, an identity for each camera, and discovery over IPv6.
"use strict";

const dgram = require("node:dgram");
const fs = require("node:fs");
const http = require("node:http");
const { createRequire } = require("node:module");
const { Readable } = require("node:stream");

const wanted = JSON.parse(process.argv[2]);
const theirs = createRequire(`${wanted.packages}/`);
const xml2js = createRequire(theirs.resolve("onvif"))("xml2js");

const THEIR_ENDPOINT = "c9790c3a-701b-464d-a189-0060351c8ada";
const DISCOVERY_PORT = 3702;
const DISCOVERY_GROUP_IPV6 = "ff02::c";

// Their mock reads the operation with a regular expression that fits its own client's envelope.
async function inTheirSpelling(text) {
  const options = { xmlns: true, tagNameProcessors: [xml2js.processors.stripPrefix] };
  const { Envelope } = await xml2js.parseStringPromise(text, options);
  const body = Envelope.Body[0];
  const name = Object.keys(body).find((key) => !key.startsWith("$"));
  const namespace = body[name][0].$ns.uri;
  return (
    '<s:Body xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema">' +
    `<${name} xmlns="${namespace}"></${name}></s:Body>`
  );
}

const createServer = http.createServer;
http.createServer = (listener) =>
  createServer(async (request, response) => {
    const parts = await request.toArray();
    const text = Buffer.concat(parts).toString();
    const spelled = text && (await inTheirSpelling(text).catch(() => ""));
    console.log(request.method, request.url, spelled.match(/<(\w+) xmlns="[^"]*"><\//)?.[1] ?? "");
    listener(Readable.from([spelled]), response);
  });

const readFileSync = fs.readFileSync;
fs.readFileSync = (path, ...options) => {
  const content = readFileSync(path, ...options);
  return String(path).endsWith("/Probe.xml")
    ? String(content).replace(THEIR_ENDPOINT, wanted.endpoint)
    : content;
};

// They ask for UDP port 3702 before the loop turns: what fails there ends the process, loudly.
process.env.HOSTNAME = wanted.host;
process.env.PORT = String(wanted.port);
theirs("coffeescript/register");
const folder = `${wanted.packages}/node_modules/onvif/test`;
theirs(`${folder}/serverMockup.coffee`);

// Like theirs for IPv4: whatever is asked, the answer is their Probe.xml.
function answerIpv6(socket, message, client) {
  const id = String(message).match(/MessageID[^>]*>([^<]*)</)?.[1] ?? "";
  const url = `http://[${wanted.ipv6}]:${wanted.port}/onvif/device_service`;
  const reply = fs.readFileSync(`${folder}/serverMockup/Probe.xml`);
  const text = String(reply).replace("RELATES_TO", id).replace("SERVICE_URI", url);
  socket.send(text, client.port, client.address);
}

if (wanted.ipv6) {
  const socket = dgram.createSocket({ type: "udp6", ipv6Only: true });
  socket.on("message", (message, client) => answerIpv6(socket, message, client));
  socket.bind(DISCOVERY_PORT, () => socket.addMembership(DISCOVERY_GROUP_IPV6, `::%${wanted.card}`));
}

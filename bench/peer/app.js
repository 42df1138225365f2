// The smallest app on atlassian-connect-express that does what ours does; bench/peer/__main__.py starts it.
const cluster = require("cluster");
const bodyParser = require("body-parser");
const compression = require("compression");
const express = require("express");
const ace = require("atlassian-connect-express");

if (cluster.isPrimary && process.env.WORKERS !== "1") {
  for (let n = 0; n < Number(process.env.WORKERS || 2); n++) cluster.fork();
  return;
}

const app = express();
const addon = ace(app);
app.set("port", addon.config.port());
app.use(bodyParser.json());
app.use(compression());
app.use(addon.middleware());

// Answers after the row is stored, as we do; a handler of `addon.on` would answer before.
const DEFER = `
  INSERT INTO job (key) SELECT $1 || ':' || attachment FROM lock WHERE tenant = $1 AND attachment = ANY($2)
  ON CONFLICT (key) DO NOTHING`;
app.post("/connect/webhooks/attachment_updated", addon.authenticate(), async (request, response) => {
  const files = (request.body.attachments || []).map((one) => String(one.id));
  await addon.settings.schema.query(DEFER, { bind: [request.context.clientKey, files] });
  response.sendStatus(204);
});
app.get("/connect/page", addon.authenticate(), (_request, response) => {
  response.type("html").send("<!doctype html><title>Files</title><script src=\"/page.js\"></script>");
});
const constant = { openapi: "3.1.0", info: { title: "peer", version: "1" }, paths: {} };
app.get("/api/v1/openapi.json", addon.checkValidToken(), (_request, response) => response.json(constant));
app.get("/healthz", (_request, response) => response.sendStatus(200));
app.listen(addon.config.port(), "127.0.0.1");

/** The product's half of the Connect bridge for Atlassian's unchanged host library: `AP` modules, dialogs, flags. */
import { closeDialog, dialogProvider } from "./dialogs.js";
import { flag } from "./flags.js";
import { get } from "./server.js";

const host = window.connectHost;

/** Returns a module's signed address, context token and options. */
function resolve(site, extension, context) {
  const query = new URLSearchParams({ site, module_key: extension.key, addon_key: extension.addon_key, ...context });
  return get(`/_sim/resolve?${query.toString()}`);
}

function provide(name, provider) {
  host.getFrameworkAdaptor().registerModule({
    getModuleRegistrationName: () => name,
    isEnabled: () => true,
    getProvider: () => provider,
  });
}

const flagProvider = {
  create: ({ id, title, body, type, close, actions, onClose }) => ({
    close: flag({
      title,
      body,
      type,
      sticky: close !== "auto",
      actions: actions.map(({ actionText, executeAction }) => ({ text: actionText, run: executeAction })),
      onClose: () => onClose(id),
    }),
  }),
};

/** The library passes the callback, which carries the frame, last. */
const caller = (args) => args[args.length - 1]._context.extension;
const reply = (args, value) => args[args.length - 1](value);

function promised(run) {
  const call = (...args) => run(args);
  call.returnsPromise = true;
  return call;
}

/** A body and the headers that go with it. Files arrive as they are: the bridge clones them. */
function bodyOf({ type = "GET", data, contentType }) {
  if (data === undefined || type === "GET") return {};
  if (contentType !== "multipart/form-data") {
    return { body: typeof data === "string" ? data : JSON.stringify(data), headers: { "Content-Type": contentType ?? "application/json" } };
  }
  const form = new FormData();
  for (const [name, value] of Object.entries(data)) form.append(name, value);
  return { body: form, headers: { "X-Atlassian-Token": "no-check" } };
}

/** `AP.request`: Confluence's REST API as the person, within the app's scopes. Rejects with `{xhr}` as JSON. */
async function productRequest(appKey, url, options) {
  const asked = typeof url === "string" ? { ...options, url } : url;
  if (!asked.url.startsWith("/") || asked.url.startsWith("//")) throw new Error("AP.request takes a path of Confluence");
  const { body, headers } = bodyOf(asked);
  const answer = await fetch(`/wiki${asked.url}`, {
    method: asked.type ?? "GET", body, headers: { Accept: "application/json", ...headers, ...asked.headers, "AP-Client-Key": appKey },
  });
  const text = await answer.text();
  const xhr = { status: answer.status, statusText: answer.statusText, responseText: text };
  if (!answer.ok) throw JSON.stringify({ xhr });
  return { body: text, xhr };
}

/** Defines modules and providers; `page()` returns site, me, context. Call once, before any frame. */
export function startBridge(page) {
  // The library needs a jQuery promise, as from the product's Ajax.
  host.registerContentResolver.resolveByExtension((extension) => {
    const done = window.jQuery.Deferred();
    const context = { ...page().context, ...extension.options?.productContext };
    resolve(page().site, extension, context).then(done.resolve, done.reject);
    return done.promise();
  });

  host.defineModule("context", {
    getToken: promised(async (args) => {
      const extension = caller(args);
      // The browser's clock need not be this Confluence's, so no token is kept.
      const fresh = await resolve(page().site, extension, page().context);
      return fresh.options.contextJwt;
    }),
    getContext: promised(async (args) => caller(args).options.structuredContext),
  });
  host.defineModule("user", {
    getCurrentUser: (...args) => reply(args, { atlassianAccountId: page().me?.accountId, accountType: "atlassian" }),
    getTimeZone: (...args) => reply(args, page().me?.timeZone ?? "Etc/UTC"),
    getLocale: (...args) => reply(args, page().me?.locale ?? "en_GB"),
  });
  host.defineModule({ request: promised((args) => productRequest(caller(args).addon_key, ...args.slice(0, -1))) });
  host.defineModule("navigator", {
    getLocation: (...args) => reply(args, { target: "contentview", context: page().location }),
    go: () => location.reload(),
    reload: () => location.reload(),
  });

  provide("flag", flagProvider);
  provide("dialog", dialogProvider(host));
  host.onIframeEstablished(({ $el, extension }) => $el?.attr("title", `App: ${extension.key}`));
}

export function openModule(view, module) {
  const options = module.target?.options ?? {};
  const key = module.target?.type === "dialogmodule" ? options.key : (module.dialogKey ?? module.key);
  const dialog = view.modules.dialogs.find((one) => one.addonKey === module.addonKey && one.key === key);
  const extension = { addon_key: module.addonKey, key, options: {} };
  host.dialog.create(extension, { ...(dialog?.options ?? {}), ...(dialog ? {} : options) });
}

const parametersOf = ({ parameters }) => Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`parameter.${name}`, value]));

/** A module's frame in the page: a macro grows with its content, a page of the app fills the window. */
export function connectFrame(module, { spaceKey, macro }) {
  const space = spaceKey ? { "space.key": spaceKey } : {};
  const own = macro ? { "macro.id": macro.id, "macro.hash": macro.id, "output.type": "display", ...parametersOf(macro) } : {};
  const room = macro ? { autoresize: true, width: "100%" } : { isFullPage: true, width: "100%", height: "100%" };
  return host.create({ addon_key: module.addonKey, key: module.key, options: { ...room, productContext: { ...space, ...own } } })[0];
}

export { closeDialog };

/** What a page's menu offers about macros. */
import { openSettings } from "/_sim/forge/host/surfaces.js";
import { button, el } from "./dom.js";
import { attempt } from "./flags.js";
import { post } from "./server.js";

/** Items that put an app's macro at the end of the page, and that open the settings of one that is there. */
export function macroItems(view, { refresh }) {
  return view.may.update ? [...insertItems(view, refresh), ...settingsItems(view, refresh)] : [];
}

/** Connect's macros have no dialog of their own here. */
function settingsItems(view, refresh) {
  const macros = view.blocks.map(({ macro }) => macro).filter((macro) => macro?.app?.module.settings);
  return macros.map(({ id, app }, index) => ({
    key: `settings-${id}`, name: `Settings of "${app.title}"${macros.length > 1 ? ` ${index + 1}` : ""}`,
    open: () => openSettings(view, app.module, id, refresh),
  }));
}

function insertItems(view, refresh) {
  const insert = async (key, parameters) => {
    await attempt("Insert", () => post(`/_sim/sites/${view.site}/macro`, { pageId: view.page.id, key, parameters }));
    await refresh();
  };
  return view.macros.map(({ key, title, module }) => ({
    key: `insert-${key}`, name: `Insert "${title}"`,
    open: () => (module.parameters?.length > 0 ? ask(title, module.parameters, (chosen) => insert(key, chosen)) : insert(key, {})),
  }));
}

function field({ identifier, name, type, values, defaultValue }) {
  const text = name?.value ?? identifier;
  const input = type === "enum"
    ? el("select", { name: identifier }, values.map((value) => el("option", { value }, value)))
    : el("input", { type: "text", name: identifier });
  input.value = defaultValue ?? "";
  return el("label", {}, text, input);
}

/** The macro's own form, from its descriptor. */
function ask(title, parameters, done) {
  const dialog = el("dialog", { class: "dialog dialog-ask", "aria-labelledby": "macro-title" });
  const finish = () => {
    dialog.close();
    dialog.remove();
  };
  const save = (event) => {
    event.preventDefault();
    finish();
    void done(Object.fromEntries(new FormData(event.target)));
  };
  dialog.append(el("form", { submit: save },
    el("h1", { class: "dialog-title", id: "macro-title" }, title), parameters.map(field),
    el("footer", { class: "dialog-foot" },
      el("button", { type: "submit", class: "btn primary" }, "Insert"), button("Cancel", finish))));
  dialog.addEventListener("cancel", finish);
  document.body.append(dialog);
  dialog.showModal();
}

/** A page's attachments, their versions and actions. */
import { avatar, button, el, icon, size, when } from "./dom.js";
import { attempt, flag } from "./flags.js";
import { post, upload } from "./server.js";

/** Files with open history, kept over refreshes. */
const unfolded = new Set();

export function attachmentsSection(view, { refresh }) {
  const context = { view, refresh, people: new Map(view.people.map((person) => [person.accountId, person])) };
  const current = view.attachments.filter((attachment) => attachment.status === "current");
  const trashed = view.attachments.filter((attachment) => attachment.status === "trashed");
  return el("section", { class: "attachments", "aria-labelledby": "attachments-title" },
    el("h2", { id: "attachments-title" }, "Attachments ", el("span", { class: "number" }, String(current.length))),
    current.length > 0 ? fileTable(current, context) : el("p", { class: "subtle" }, "Nothing is attached to this page."),
    view.may.update && dropZone(context),
    trashed.length > 0 && trash(trashed, context));
}

function fileTable(attachments, context) {
  const heads = ["Name", "Version", "Changed by", "Changed", "Size", "Actions"];
  return el("div", { class: "table-frame" }, el("table", { class: "files" },
    el("thead", {}, el("tr", {}, heads.map((text) => el("th", { scope: "col" }, text)))),
    attachments.map((attachment) => fileRows(attachment, context))));
}

function person(context, accountId, author) {
  const known = context.people.get(accountId) ?? { accountId, displayName: author || "Somebody" };
  return el("span", { class: "person" }, avatar(known), known.displayName);
}

function fileRows(attachment, context) {
  const head = attachment.versions[0];
  const isOpen = unfolded.has(attachment.id);
  const historyId = `history-${attachment.id}`;
  const toggle = () => {
    if (!unfolded.delete(attachment.id)) unfolded.add(attachment.id);
    context.refresh({ redraw: true });
  };
  return el("tbody", { "data-file": attachment.title },
    el("tr", {},
      el("th", { scope: "row" }, el("a", { href: attachment.downloadUrl, download: attachment.title }, attachment.title)),
      el("td", {}, button([`Version ${head.number}`, icon("unfold")], toggle,
        { look: "quiet", "aria-expanded": String(isOpen), "aria-controls": isOpen ? historyId : null, "data-act": "history",
          "aria-label": `Version ${head.number}, history of ${attachment.title}` })),
      el("td", {}, person(context, head.authorId, head.author)),
      el("td", {}, when(head.createdAt)),
      el("td", {}, size(head.fileSize)),
      el("td", {}, el("div", { class: "file-actions" }, fileActions(attachment, context)))),
    isOpen && el("tr", { class: "history" }, el("td", { colspan: "6", id: historyId }, history(attachment, context))));
}

function fileActions(attachment, context) {
  if (!context.view.may.update) return el("span", { class: "subtle" }, "View only");
  return [
    uploadButton("Upload new version", (file) => uploadTo(context, { attachment, file })),
    button("Rename", () => rename(attachment, context), { look: "quiet", "aria-label": `Rename ${attachment.title}` }),
    context.view.may.delete && button("Trash", () => act(context, "Trash", "trash", { attachmentId: attachment.id }),
      { look: "quiet", "aria-label": `Move ${attachment.title} to the trash` }),
  ];

  function uploadButton(text, send) {
    const input = el("input", { type: "file", class: "hidden-input", tabindex: "-1", "aria-label": `New version of ${attachment.title}`,
      change: () => input.files[0] && send(input.files[0]) });
    return [input, button([icon("upload"), text], () => input.click(), { "aria-label": `${text} of ${attachment.title}` })];
  }
}

function history(attachment, context) {
  return el("ol", { class: "versions" }, attachment.versions.map((version) => {
    const same = { attachmentId: attachment.id, version: version.number };
    return el("li", { "data-version": String(version.number) },
      el("span", { class: "version-number" }, `v${version.number}`),
      version.current && el("span", { class: "lozenge" }, "Current"),
      person(context, version.authorId, version.author),
      el("span", { class: "subtle" }, when(version.createdAt)),
      version.message && el("span", { class: "message" }, version.message),
      el("span", { class: "version-actions" },
        el("a", { href: version.downloadUrl, download: version.title }, "Download"),
        !version.current && context.view.may.update && button("Restore", () => act(context, "Restore", "restore-version", same),
          { look: "quiet", "aria-label": `Restore version ${version.number} of ${attachment.title}` }),
        !version.current && context.view.may.delete && button("Delete", () => act(context, "Delete", "delete-version", same),
          { look: "quiet", "aria-label": `Delete version ${version.number} of ${attachment.title}` })));
  }));
}

function dropZone(context) {
  const send = async (files) => {
    for (const file of files) await uploadTo(context, { file });
  };
  const input = el("input", { type: "file", multiple: true, class: "hidden-input", tabindex: "-1", "aria-label": "Files to attach",
    change: () => send([...input.files]) });
  const zone = el("div", { class: "drop" }, icon("file"), el("span", {}, "Drop files here, or"), input,
    button("Attach files", () => input.click()));
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    void send([...event.dataTransfer.files]);
  });
  return zone;
}

function trash(attachments, context) {
  return el("details", { class: "trash" }, el("summary", {}, `Trash (${attachments.length})`),
    el("ul", {}, attachments.map((attachment) => el("li", {}, el("span", {}, attachment.title),
      button("Put back", () => act(context, "Put back", "untrash", { attachmentId: attachment.id }),
        { look: "quiet", "aria-label": `Put ${attachment.title} back` })))));
}

async function act({ view, refresh }, what, call, body) {
  await attempt(what, () => post(`/_sim/sites/${view.site}/${call}`, body));
  await refresh();
}

async function uploadTo({ view, refresh }, { attachment, file }) {
  const name = attachment?.title ?? file.name;
  const done = await attempt("Upload", () => upload(view.site, { pageId: view.page.id, attachment, file }));
  if (done !== undefined) flag({ title: "Uploaded", body: name, type: "success" });
  await refresh();
}

function rename(attachment, context) {
  const input = el("input", { type: "text", value: attachment.title, required: true, "aria-label": "New name" });
  const dialog = el("dialog", { class: "dialog dialog-ask", "aria-labelledby": "rename-title" });
  const finish = () => {
    dialog.close();
    dialog.remove();
  };
  const save = (event) => {
    event.preventDefault();
    finish();
    void act(context, "Rename", "rename", { attachmentId: attachment.id, title: input.value });
  };
  dialog.append(el("form", { submit: save },
    el("h1", { class: "dialog-title", id: "rename-title" }, `Rename ${attachment.title}`), input,
    el("footer", { class: "dialog-foot" },
      el("button", { type: "submit", class: "btn primary" }, "Rename"), button("Cancel", finish))));
  dialog.addEventListener("cancel", finish);
  document.body.append(dialog);
  dialog.showModal();
  input.select();
}

/** JSON calls as the chosen person. */

async function answer(response) {
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  const error = new Error(body.message ?? body.error ?? response.statusText);
  error.status = response.status;
  throw error;
}

export async function get(path) {
  return answer(await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store" }));
}

export async function post(path, body) {
  return answer(await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }));
}

/** Uploads a version of `attachment`, else a page file. */
export async function upload(site, { pageId, attachment, file, comment }) {
  const form = new FormData();
  form.set("file", file, attachment?.title ?? file.name);
  form.set("fileName", attachment?.title ?? file.name);
  if (attachment) form.set("attachmentId", attachment.id);
  else form.set("pageId", pageId);
  if (comment) form.set("comment", comment);
  return answer(await fetch(`/_sim/sites/${site}/upload`, { method: "POST", body: form }));
}

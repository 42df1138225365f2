// The function that Forge hosts: when a page is exported, it fetches the macro's content from our server.
import { invokeRemote } from "@forge/api";

const PLACEHOLDER = "Open the page to see which attachments are locked.";

/** What our server is told: where the macro is and what its author chose. Whatever is odd is left out. */
export function questionOf(payload) {
  const context = payload?.context ?? {};
  const { content, space, config } = context.extension ?? {};
  const texts = Object.entries(config ?? {}).filter(([, value]) => ["string", "number"].includes(typeof value));
  return {
    pageId: (content ?? context.content)?.id ?? null,
    spaceKey: (space ?? context.space)?.key ?? null,
    parameters: Object.fromEntries(texts.map(([name, value]) => [name, String(value)])),
  };
}

/** A document that says where the content is, for when the server has none. */
export function placeholder() {
  return { version: 1, type: "doc", content: [{ type: "paragraph", content: [{ type: "text", text: PLACEHOLDER }] }] };
}

/** Returns a document in Atlassian's format: an export goes on without what our server does not give. */
export async function exportMacro(payload) {
  try {
    const answer = await invokeRemote("backend", {
      path: "/forge/macro/export",
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(questionOf(payload)),
    });
    if (answer.ok) return await answer.json();
    console.error(`The server of Lockpoint refused the macro's content with status ${answer.status}.`);
  } catch (error) {
    console.error(`The macro's content did not arrive: ${error.name}.`);
  }
  return placeholder();
}

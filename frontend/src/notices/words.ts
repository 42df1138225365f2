/** What a notice says, and how serious it is. */
import type { OwnNotice } from "../api";
import type { MessageKey } from "../messages";
import type { IconName } from "../ui/Icon";
import { nameOf, type Voice } from "../voice";

type Topic = Extract<MessageKey, `notices.${string}.title`> extends `notices.${infer T}.title` ? T : never;

export interface NoticeWords {
  readonly title: string;
  readonly text: string;
  readonly icon: IconName;
  readonly tone: "warning" | "success" | "info";
}

/** By kind, and where the detail matters by kind and detail; "*" is any other detail. */
const TOPICS: Readonly<Record<string, Readonly<Record<string, Topic>>>> = {
  upload_undone: { undone: "undone", renamed: "renamed", strict: "strict", strict_renamed: "strict", "*": "notUndone" },
  overwrite_attempt: {
    undone: "overwriteUndone", renamed: "overwriteRenamed", trashed: "overwriteTrashed", trashed_renamed: "overwriteTrashed", "*": "overwriteOther",
  },
  file_available: { "*": "available" },
  lock_ended_by_other: { taken_over: "takenOver", handed_over: "handedOver", "*": "ended" },
  lock_ended: { file_gone: "gone", "*": "expired" },
  unprotected: { "*": "unprotected" },
  paused: { "*": "paused" },
  lock_will_end: { "*": "willEnd" },
  edit_request: { "*": "request" },
  edit_answer: { handed_over: "given", "*": "declined" },
};

const LOOKS: Partial<Record<Topic, Pick<NoticeWords, "icon" | "tone">>> = {
  available: { icon: "free", tone: "success" },
  given: { icon: "mine", tone: "success" },
  request: { icon: "waiting", tone: "info" },
  willEnd: { icon: "ending", tone: "info" },
  overwriteUndone: { icon: "undo", tone: "info" },
  overwriteRenamed: { icon: "undo", tone: "info" },
  overwriteTrashed: { icon: "undo", tone: "info" },
  undone: { icon: "undo", tone: "warning" },
  renamed: { icon: "undo", tone: "warning" },
  strict: { icon: "undo", tone: "warning" },
};

const BY_OTHER: ReadonlySet<Topic> = new Set<Topic>(["ended", "takenOver", "handedOver"]);

function topicOf({ kind, detail }: OwnNotice): Topic | null {
  const known = TOPICS[kind];
  return known?.[detail ?? "*"] ?? known?.["*"] ?? null;
}

/** Return the words, or null for a kind that this version of the screens does not know. */
export function noticeWords(notice: OwnNotice, { t }: Voice): NoticeWords | null {
  const topic = topicOf(notice);
  if (topic === null) return null;
  const title = notice.title === null || notice.title === "" ? t("notices.file") : notice.title;
  const values = { title, name: nameOf(notice.person, t) };
  const text = BY_OTHER.has(topic) ? t("notices.byOther.text") : t(`notices.${topic as "undone"}.text`, values);
  const look = LOOKS[topic] ?? { icon: "warning", tone: "warning" };
  return { title: t(`notices.${topic as "undone"}.title`, values as { title: string }), text, ...look };
}

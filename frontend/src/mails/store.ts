/** Texts of mails while an admin writes them: read, draft, save, and settle with another admin who saved in between. */
import { ApiError, type MailName, type Template, type Templates, type TemplatesApi, type TemplateText } from "../api";
import { problemOf, type Problem } from "../problems";
import { wrongPlaces, type Place } from "./places";

/** Another admin saved another text for this mail first. */
export interface Collision {
  readonly newest: Templates;
  readonly theirs: TemplateText;
  readonly mine: TemplateText;
}

export interface TextsState {
  readonly answer: Templates | null;
  readonly language: string;
  readonly mail: MailName;
  /** Texts that are not saved, by language and mail. */
  readonly drafts: Readonly<Record<string, TemplateText>>;
  readonly loading: boolean;
  readonly saving: boolean;
  readonly problem: Problem | null;
  readonly wrong: readonly Place[];
  readonly collision: Collision | null;
  /** What the last write did, and how many there were. */
  readonly done: { readonly what: "saved" | "reset"; readonly count: number } | null;
}

const COLLIDED = 412;

export function draftKey(language: string, mail: string): string {
  return `${language}/${mail}`;
}

export function sameText(one: TemplateText, other: TemplateText): boolean {
  return one.subject === other.subject && one.body === other.body;
}

export function templateOf({ answer, mail }: Pick<TextsState, "answer" | "mail">): Template | null {
  return answer?.templates.find((one) => one.mail === mail) ?? null;
}

/** Return the text in the editor. */
export function textOf(state: TextsState): TemplateText {
  const { subject, body } = templateOf(state) ?? { subject: "", body: "" };
  return state.drafts[draftKey(state.language, state.mail)] ?? { subject, body };
}

function without(drafts: TextsState["drafts"], key: string): TextsState["drafts"] {
  return Object.fromEntries(Object.entries(drafts).filter(([name]) => name !== key));
}

export class TextsStore {
  private state: TextsState;
  private readonly listeners = new Set<() => void>();
  private asked = 0;

  constructor(private readonly api: TemplatesApi, language: string, mail: MailName) {
    const nothing = { problem: null, wrong: [], collision: null, done: null };
    this.state = { answer: null, language, mail, drafts: {}, loading: true, saving: false, ...nothing };
  }

  readonly get = (): TextsState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private put(change: Partial<TextsState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }

  /** Read the texts of a language; an answer to an older question is dropped. Never rejects. */
  async load(language = this.state.language): Promise<void> {
    this.asked += 1;
    const question = this.asked;
    this.put({ loading: true, problem: null, wrong: [] });
    try {
      const answer = await this.api.read(language);
      if (question === this.asked) this.put({ answer, language, loading: false });
    } catch (error) {
      if (question === this.asked) this.put({ problem: problemOf(error), loading: false });
    }
  }

  choose(mail: MailName): void {
    this.put({ mail, problem: null, wrong: [], collision: null });
  }

  edit(change: Partial<TemplateText>): void {
    const { language, mail, drafts } = this.state;
    const template = templateOf(this.state);
    const text = { ...textOf(this.state), ...change };
    const key = draftKey(language, mail);
    const unchanged = template !== null && sameText(text, template);
    this.put({ drafts: unchanged ? without(drafts, key) : { ...drafts, [key]: text }, problem: null });
  }

  discard(): void {
    const { language, mail, drafts } = this.state;
    this.put({ drafts: without(drafts, draftKey(language, mail)), problem: null, wrong: [], collision: null });
  }

  /** Show what is wrong with the text, as the preview or a write found it. */
  mark(wrong: readonly Place[]): void {
    this.put({ wrong });
  }

  async save(): Promise<void> {
    await this.write("saved", textOf(this.state));
  }

  async reset(): Promise<void> {
    await this.write("reset", null);
  }

  /** Never rejects. */
  private async write(what: "saved" | "reset", text: TemplateText | null): Promise<void> {
    const { answer, language, mail, saving } = this.state;
    if (answer === null || saving) return;
    this.put({ saving: true, problem: null, wrong: [] });
    try {
      this.written(what, await this.api.save(language, answer.revision, mail, text), text);
    } catch (error) {
      await this.refuse(error, what, text);
    }
    this.put({ saving: false });
  }

  /** Take the answer; a text that was typed meanwhile stays a draft. */
  private written(what: "saved" | "reset", answer: Templates, text: TemplateText | null): void {
    const { language, mail, drafts, done } = this.state;
    const key = draftKey(language, mail);
    const draft = drafts[key];
    const typedOn = draft !== undefined && text !== null && !sameText(draft, text);
    this.put({ answer, drafts: typedOn ? drafts : without(drafts, key), collision: null, done: { what, count: (done?.count ?? 0) + 1 } });
  }

  private async refuse(error: unknown, what: "saved" | "reset", text: TemplateText | null): Promise<void> {
    if (error instanceof ApiError && error.status === COLLIDED) {
      await this.collide(what, text);
      return;
    }
    const details = error instanceof ApiError ? error.details : {};
    this.put({ problem: problemOf(error), wrong: wrongPlaces(details) });
  }

  /** The number of the change counts for all texts: only who changed this one has to choose. */
  private async collide(what: "saved" | "reset", text: TemplateText | null): Promise<void> {
    const { language, mail } = this.state;
    const before = templateOf(this.state);
    try {
      const newest = await this.api.read(language);
      const now = templateOf({ answer: newest, mail });
      if (before === null || now === null || sameText(before, now)) {
        this.written(what, await this.api.save(language, newest.revision, mail, text), text);
        return;
      }
      const mine = text ?? now.default;
      if (sameText(mine, now)) this.written(what, newest, text);
      else this.put({ collision: { newest, theirs: now, mine } });
    } catch (error) {
      this.put({ problem: problemOf(error) });
    }
  }

  /** Go on with the other admin's text. */
  takeTheirs(): void {
    const { collision } = this.state;
    if (collision === null) return;
    this.put({ answer: collision.newest });
    this.discard();
  }

  /** Go on with one's own text on top of what the other admin saved; nothing is saved yet. */
  keepMine(): void {
    const { collision, language, mail, drafts } = this.state;
    if (collision === null) return;
    this.put({ answer: collision.newest, drafts: { ...drafts, [draftKey(language, mail)]: collision.mine }, collision: null });
  }
}

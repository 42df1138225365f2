/**
 * Settings while somebody changes them: read, change, save, and settle with another admin who saved in between.
 * It has no rendering, so that tests reach every rule.
 */
import { ApiError, type Change } from "../api";
import { problemOf, type Problem } from "../problems";
import { changedNames, differences, rebased, resolved, suggestions, type Choices, type Difference, type Side } from "./merge";
import { problemsIn, refusedFields, type FieldProblems, type Name, type Value, type Values } from "./rules";

/** How settings are read and written; A is what the server answers. */
export interface Source<A> {
  read(): Promise<A>;
  /** Save `mine`, which was made of the answer `base`. */
  write(base: A, mine: Values, changed: readonly Name[]): Promise<A>;
  /** Return what can be changed here; an inherited setting is undefined. */
  values(answer: A): Values;
  inherited(answer: A): Values;
  /** Return who saved this, and when; null where it is not known. */
  author(answer: A): Promise<Change | null>;
}

/** Another admin saved first. */
export interface Collision<A> {
  readonly newest: A;
  readonly found: readonly Difference[];
  readonly choices: Choices;
  readonly by: Change | null;
}

export interface SettingsState<A> {
  readonly answer: A | null;
  readonly mine: Values;
  readonly changed: readonly Name[];
  readonly wrong: FieldProblems;
  readonly loading: boolean;
  readonly saving: boolean;
  /** Why settings could not be read, or not be saved. */
  readonly problem: Problem | null;
  readonly collision: Collision<A> | null;
  /** Grows with every save that worked. */
  readonly saved: number;
}

const COLLIDED = 412;

export class SettingsStore<A> {
  private state: SettingsState<A> = {
    answer: null, mine: {}, changed: [], wrong: {}, loading: true, saving: false, problem: null, collision: null, saved: 0,
  };
  private readonly listeners = new Set<() => void>();

  constructor(private readonly source: Source<A>) {}

  readonly get = (): SettingsState<A> => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private put(change: Partial<SettingsState<A>>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }

  /** Read from the server. Never rejects. */
  async load(): Promise<void> {
    this.put({ loading: true, problem: null });
    try {
      const answer = await this.source.read();
      this.show(answer, this.source.values(answer));
    } catch (error) {
      this.put({ problem: problemOf(error) });
    }
    this.put({ loading: false });
  }

  private show(answer: A, mine: Values): void {
    const base = this.source.values(answer);
    const wrong = problemsIn(mine, this.source.inherited(answer));
    this.put({ answer, mine, wrong, changed: changedNames(base, mine), problem: null, collision: null });
  }

  /** Change a setting here; undefined inherits. */
  change(name: Name, value: Value): void {
    const { answer, mine } = this.state;
    if (answer !== null) this.show(answer, { ...mine, [name]: value });
  }

  discard(): void {
    const { answer } = this.state;
    if (answer !== null) this.show(answer, this.source.values(answer));
  }

  /** Save everything; values that are wrong are not sent. Never rejects; returns whether it worked. */
  async save(): Promise<boolean> {
    const { answer, mine, wrong } = this.state;
    if (answer === null || Object.keys(wrong).length > 0) return false;
    return this.write(answer, mine);
  }

  /** Save one setting at once; other changes stay unsaved. */
  async saveOne(name: Name, value: Value): Promise<boolean> {
    const { answer } = this.state;
    if (answer === null) return false;
    this.change(name, value);
    return this.write(answer, { ...this.source.values(answer), [name]: value });
  }

  /** Send values; what is changed meanwhile, or is not sent, stays changed. */
  private async write(base: A, sent: Values): Promise<boolean> {
    if (this.state.saving) return false;
    this.put({ saving: true, problem: null });
    try {
      const before = this.source.values(base);
      const answer = await this.source.write(base, sent, changedNames(before, sent));
      this.show(answer, rebased(sent, this.source.values(answer), this.state.mine));
      this.put({ saved: this.state.saved + 1 });
      return true;
    } catch (error) {
      await this.refuse(error, base);
      return false;
    } finally {
      this.put({ saving: false });
    }
  }

  private async refuse(error: unknown, base: A): Promise<void> {
    if (error instanceof ApiError && error.status === COLLIDED) {
      await this.collide(base);
      return;
    }
    const details = error instanceof ApiError ? error.details : {};
    this.put({ problem: problemOf(error), wrong: refusedFields(details) });
  }

  private async collide(base: A): Promise<void> {
    try {
      const newest = await this.source.read();
      const theirs = this.source.values(newest);
      const { mine } = this.state;
      const found = differences(this.source.values(base), theirs, mine);
      if (found.length === 0) {
        this.show(newest, theirs); // Both wanted the same.
        this.put({ saved: this.state.saved + 1 });
        return;
      }
      const by = await this.source.author(newest).catch(() => null);
      this.put({ collision: { newest, found, choices: suggestions(found), by } });
    } catch (error) {
      this.put({ problem: problemOf(error) });
    }
  }

  choose(name: Name, side: Side): void {
    const { collision } = this.state;
    if (collision !== null) this.put({ collision: { ...collision, choices: { ...collision.choices, [name]: side } } });
  }

  /** Go on with what was chosen: on top of what the other admin saved, not saved yet. */
  settle(): void {
    const { collision } = this.state;
    if (collision === null) return;
    const { newest, found, choices } = collision;
    this.show(newest, resolved(this.source.values(newest), found, choices));
  }
}

/** Whether each difference is decided. */
export function decided({ found, choices }: Pick<Collision<unknown>, "found" | "choices">): boolean {
  return found.every(({ name }) => choices[name] !== undefined);
}


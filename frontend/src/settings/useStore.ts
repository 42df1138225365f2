/** A store of settings in a component. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Voice } from "../voice";
import type { NameBook } from "../ui/nameBook";
import { useUnsaved } from "../ui/unsaved";
import { inForce, type FieldProblem, type Name, type Value, type Values } from "./rules";
import { SettingsStore, type SettingsState, type Source } from "./store";

/** Return the store of the first source, loading, and its state; whoever leaves with changes is asked. */
export function useSettings<A>(source: Source<A>): { readonly store: SettingsStore<A>; readonly state: SettingsState<A> } {
  const store = useMemo(() => new SettingsStore(source), []);
  const [state, setState] = useState(store.get);
  useEffect(() => {
    const stop = store.subscribe(() => setState(store.get()));
    void store.load();
    return stop;
  }, [store]);
  useUnsaved(state.changed.length > 0);
  return { store, state };
}

/** What each row of a form needs. */
export interface Form {
  readonly voice: Voice;
  readonly book: NameBook;
  readonly saving: boolean;
  /** What is set here; undefined is inherited. */
  readonly own: Values;
  /** What is inherited; null where nothing is, as for the site. */
  readonly inherited: Values | null;
  /** What holds by now, before the changes. */
  readonly before: Values;
  readonly after: Values;
  problem(name: Name): FieldProblem | null;
  change(name: Name, value: Value): void;
}

function held(own: Values, inherited: Values | null): Values {
  if (inherited === null) return own;
  const names = Object.keys(own) as readonly Name[];
  return Object.fromEntries(names.map((name) => [name, inForce(name, own, inherited)]));
}

export function formOf<A>(parts: {
  readonly store: SettingsStore<A>;
  readonly state: SettingsState<A>;
  readonly base: Values;
  readonly inherited: Values | null;
  readonly voice: Voice;
  readonly book: NameBook;
}): Form {
  const { store, state, base, inherited, voice, book } = parts;
  return {
    voice, book, inherited,
    own: state.mine,
    saving: state.saving,
    before: held(base, inherited),
    after: held(state.mine, inherited),
    problem: (name) => state.wrong[name] ?? null,
    change: (name, value) => store.change(name, value),
  };
}

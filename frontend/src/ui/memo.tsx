/** A component that is not rendered again while its properties are the same objects; `preact/compat` stays out. */
import { Component, type ComponentType } from "preact";

export function memo<P extends object>(Inner: ComponentType<P>): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      // A list of 1,000 asks for each row with each new one, so nothing is made here.
      const [now, then] = [this.props as Readonly<Record<string, unknown>>, next as Readonly<Record<string, unknown>>];
      for (const key in then) if (key !== "children" && now[key] !== then[key]) return true;
      return false;
    }

    override render(props: P) {
      return <Inner {...props} />;
    }
  };
}

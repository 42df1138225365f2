/** A component that is not rendered again while its properties are the same objects; `preact/compat` stays out. */
import { Component, type ComponentType } from "preact";

export function memo<P extends object>(Inner: ComponentType<P>): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const now: Readonly<Record<string, unknown>> = { ...this.props };
      const entries = Object.entries(next).filter(([key]) => key !== "children");
      return entries.some(([key, value]) => now[key] !== value);
    }

    override render(props: P) {
      return <Inner {...props} />;
    }
  };
}

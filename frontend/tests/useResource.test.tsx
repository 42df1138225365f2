import { act, render } from "@testing-library/preact";
import { expect, test } from "vitest";
import { NetworkError } from "../src/api";
import { useResource, type Resource } from "../src/ui/useResource";

/** Act, and wait until every promise has told its followers. */
async function settled(step: () => void): Promise<void> {
  await act(async () => {
    step();
    await new Promise((resolve) => { setTimeout(resolve); });
  });
}

/** Show what `ask` answers; each question waits until the test settles it. */
function shown() {
  const questions: { readonly resolve: (value: string) => void; readonly reject: (error: unknown) => void }[] = [];
  let resource: Resource<string> | null = null;
  const ask = async (): Promise<string> => new Promise((resolve, reject) => { questions.push({ resolve, reject }); });
  function Probe({ name }: { readonly name: string }) {
    resource = useResource(ask, name);
    return null;
  }
  const { rerender } = render(<Probe name="a" />);
  return { questions, now: () => resource as unknown as Resource<string>, ask: (name: string) => rerender(<Probe name={name} />) };
}

test("the value stays while it is asked for again", async () => {
  const { questions, now } = shown();
  expect(now()).toMatchObject({ value: null, loading: true });
  await settled(() => { questions[0]?.resolve("one"); });
  expect(now()).toMatchObject({ value: "one", loading: false });
  await settled(() => { now().reload(); });
  expect(now()).toMatchObject({ value: "one", loading: true });
  await settled(() => { questions[1]?.reject(new NetworkError("no answer")); });
  expect(now()).toMatchObject({ value: "one", loading: false, problem: { code: "offline" } });
});

test("an answer to an older question is dropped", async () => {
  const { questions, now, ask } = shown();
  await settled(() => { ask("b"); });
  await settled(() => { questions[1]?.resolve("new"); });
  await settled(() => { questions[0]?.resolve("old"); });
  expect(now().value).toBe("new");
  await settled(() => { now().reload(); });
  await settled(() => { now().replace("written"); questions[2]?.resolve("read before"); });
  expect(now()).toMatchObject({ value: "written", loading: false });
});

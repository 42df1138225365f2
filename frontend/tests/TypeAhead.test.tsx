import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/preact";
import { useState } from "preact/hooks";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NetworkError, type DirectoryApi, type Kind, type Named } from "../src/api";
import { NameBook } from "../src/ui/nameBook";
import { TypeAhead } from "../src/ui/TypeAhead";
import { PAUSE_MS } from "../src/ui/useFound";
import { voice } from "./cast";

const PEOPLE: readonly Named[] = [{ id: "b", name: "Bob Brown" }, { id: "bea", name: "Bea Berg" }, { id: "c", name: "Charlie Cho" }];

/** Answers searches when told to. */
class FakeDirectory implements DirectoryApi {
  readonly asked: string[] = [];
  private readonly waiting = new Map<string, { readonly answer: (found: readonly Named[]) => void; readonly fail: (error: Error) => void }>();

  find = (kind: Kind, text: string): Promise<readonly Named[]> => {
    this.asked.push(`${kind} ${text}`);
    return new Promise((answer, fail) => this.waiting.set(text, { answer, fail }));
  };

  named = (kind: Kind, ids: readonly string[]): Promise<readonly Named[]> => {
    this.asked.push(`${kind} ${ids.join(",")}`);
    return Promise.resolve(PEOPLE.filter(({ id }) => ids.includes(id)));
  };

  async answer(text: string, found: readonly Named[] = PEOPLE): Promise<void> {
    await act(async () => Promise.resolve(this.waiting.get(text)?.answer(found)));
  }

  async fail(text: string): Promise<void> {
    await act(async () => Promise.resolve(this.waiting.get(text)?.fail(new NetworkError("no answer"))));
  }
}

function Chooser({ directory, start, kind, most }: { directory: DirectoryApi; start: readonly string[]; kind: Kind; most: number }) {
  const [ids, setIds] = useState(start);
  const [book] = useState(() => new NameBook(directory));
  return <TypeAhead kind={kind} label="People" hint="Who may." ids={ids} book={book} voice={voice} most={most} onChange={setIds} />;
}

async function open(start: readonly string[] = [], kind: Kind = "person", most = 100) {
  const directory = new FakeDirectory();
  render(<Chooser directory={directory} start={start} kind={kind} most={most} />);
  await act(async () => {
    await vi.advanceTimersByTimeAsync(1);
  });
  return directory;
}

const box = () => screen.getByRole<HTMLInputElement>("combobox");
const options = () => screen.queryAllByRole("option").map(({ textContent }) => textContent);
const chips = () => screen.queryAllByRole("listitem").map(({ textContent }) => textContent);
const key = (name: string) => fireEvent.keyDown(box(), { key: name });

async function type(text: string): Promise<void> {
  await act(() => {
    fireEvent.input(box(), { target: { value: text } });
  });
}

async function pause(): Promise<void> {
  await act(() => {
    vi.advanceTimersByTime(PAUSE_MS);
  });
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

describe("choosing by typing", () => {
  test("asks once for what was typed when the typing pauses", async () => {
    const directory = await open();
    await type("B");
    await type("Bo");
    await pause();
    expect(directory.asked).toEqual(["person Bo"]);
  });

  test("drops an answer to an older text", async () => {
    const directory = await open();
    await type("B");
    await pause();
    await type("C");
    await pause();
    await directory.answer("C", [{ id: "c", name: "Charlie Cho" }]);
    await directory.answer("B", [{ id: "b", name: "Bob Brown" }]);
    expect(options()).toEqual(["Charlie Cho"]);
  });

  test("arrow keys go round, Enter chooses, and the chosen one is not offered again", async () => {
    const directory = await open();
    await type("x");
    await pause();
    await directory.answer("x");
    expect(box().getAttribute("aria-expanded")).toBe("true");
    key("ArrowUp");
    const active = document.getElementById(box().getAttribute("aria-activedescendant") ?? "");
    expect(active?.textContent).toBe("Charlie Cho");
    expect(active?.getAttribute("aria-selected")).toBe("true");
    key("Enter");
    await pause();
    expect(chips()).toEqual(["Charlie Cho"]);
    expect(box().value).toBe("");
    await type("xy");
    await pause();
    await directory.answer("xy");
    expect(options()).toEqual(["Bob Brown", "Bea Berg"]);
  });

  test("Escape closes the list and nothing around it", async () => {
    const directory = await open();
    const outside = vi.fn();
    document.addEventListener("keydown", outside);
    await type("x");
    await pause();
    await directory.answer("x");
    key("Escape");
    expect(box().getAttribute("aria-expanded")).toBe("false");
    expect(outside).not.toHaveBeenCalled();
    key("Escape");
    expect(outside).toHaveBeenCalledOnce();
    document.removeEventListener("keydown", outside);
  });

  test("says what was found, that nobody was, and why it failed", async () => {
    const directory = await open();
    await type("x");
    expect(screen.getByRole("status").textContent).toBe("Searching…");
    await pause();
    await directory.answer("x", []);
    expect(screen.getByRole("status").textContent).toContain("Nothing was found");
    await type("xy");
    await pause();
    await directory.fail("xy");
    expect(screen.getByRole("status").textContent).toContain("can't be reached");
  });
});

describe("those who are chosen", () => {
  test("have their names, asked for together; who is unknown has the id", async () => {
    const directory = await open(["b", "gone", "c"]);
    expect(directory.asked).toEqual(["person b,gone,c"]);
    expect(chips()).toEqual(["Bob Brown", "Unknown account gone", "Charlie Cho"]);
  });

  test("are removed by a button; the focus goes to the box", async () => {
    await open(["b", "c"]);
    const chip = screen.getAllByRole("listitem")[0];
    if (chip === undefined) throw new Error("no chip");
    fireEvent.click(within(chip).getByRole("button", { name: "Remove Bob Brown" }));
    await pause();
    expect(chips()).toEqual(["Charlie Cho"]);
    expect(document.activeElement).toBe(box());
  });

  test("are not more than fit", async () => {
    await open(["b", "c"], "person", 2);
    expect(box().disabled).toBe(true);
    expect(screen.getByText("The list is full: it takes 2 entries.")).toBeTruthy();
  });
});

test("an app can be given by its id, a person cannot", async () => {
  const id = "712020:01234567-89ab";
  const apps = await open([], "app");
  await type(id);
  await pause();
  await apps.answer(id, []);
  expect(options()).toEqual([`Use the account ID ${id}`]);
  cleanup();
  const people = await open([], "person");
  await type(id);
  await pause();
  await people.answer(id, []);
  expect(options()).toEqual([]);
});

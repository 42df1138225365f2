import { describe, expect, test } from "vitest";
import { auditApi, createClient } from "../../src/api";
import { KINDS, NO_FILTERS, fileIsWrong, isFiltered, queryOf, sentence, startOfDay } from "../../src/audit/rules";
import { voice } from "../cast";

const { t } = voice;
const bob = { accountId: "b", displayName: "Bob" };

describe("the log", () => {
  test("a day begins where the person is, also where clocks change", () => {
    expect(startOfDay("2026-11-28", "Europe/Berlin")).toBe("2026-11-27T23:00:00.000Z");
    expect(startOfDay("2026-11-28", "America/New_York", 1)).toBe("2026-11-29T05:00:00.000Z");
    expect(startOfDay("2026-10-25", "Europe/Berlin", 1)).toBe("2026-10-25T23:00:00.000Z");
    expect(startOfDay("", "UTC")).toBeNull();
  });

  test("what is chosen is what is asked for; a wrong number is not", () => {
    const chosen = { ...NO_FILTERS, from: "2026-11-01", to: "2026-11-02", event: "broken", account: "b", attachment: " att12 " } as const;
    expect(queryOf(chosen, "UTC")).toEqual({
      from: "2026-11-01T00:00:00.000Z", to: "2026-11-03T00:00:00.000Z", event: "broken", account: "b", attachment: "att12",
    });
    expect([fileIsWrong({ attachment: "plan.txt" }), queryOf({ ...NO_FILTERS, attachment: "plan.txt" }, "UTC").attachment]).toEqual([true, null]);
    expect([isFiltered(NO_FILTERS), isFiltered(chosen)]).toEqual([false, true]);
  });

  test("every event is a sentence", () => {
    for (const event of KINDS) expect(sentence({ event, person: bob, detail: null }, t)).toMatch(/^[A-Z].*\.$/);
    expect(sentence({ event: "broken", person: bob, detail: null }, t)).toBe("Bob ended the lock of somebody else.");
    expect(sentence({ event: "settings_changed", person: bob, detail: "space/7" }, t)).toBe("Bob changed the settings of a space.");
    expect(sentence({ event: "flagged", person: null, detail: "app_blocked" }, t)).toContain("Lockpoint may not edit the page");
    expect(sentence({ event: "acquired", person: { ...bob, displayName: null }, detail: null }, t)).toContain("not known any more");
  });
});

describe("the log as a file", () => {
  const ALL = queryOf(NO_FILTERS, "UTC");

  function api(answers: readonly Response[]) {
    const asked: string[] = [];
    const client = createClient({
      newId: () => "id",
      fetch: async (path) => {
        asked.push(path);
        return Promise.resolve(answers[asked.length - 1] ?? Response.error());
      },
    });
    return { asked, log: auditApi(client, "DS") };
  }

  test("parts are put together on Connect, the head once", async () => {
    const part = (text: string, next?: string) =>
      new Response(text, { headers: { "Content-Type": "text/csv; charset=utf-8", ...(next === undefined ? {} : { Link: `<${next}>; rel="next"` }) } });
    const { asked, log } = api([part("a,b\r\n1,2\r\n", "?space=DS&limit=20000&cursor=x"), part("a,b\r\n3,4\r\n")]);
    expect(await (await log.csv(ALL)).text()).toBe("\ufeffa,b\r\n1,2\r\n3,4\r\n");
    expect(asked).toEqual(["/api/v1/audit?space=DS&limit=20000", "/api/v1/audit?space=DS&limit=20000&cursor=x"]);
  });

  test("and on Forge, which brings text in JSON", async () => {
    const { log } = api([Response.json({ csv: "a\n1\n", name: "x", next: "?cursor=y" }), Response.json({ csv: "a\n2\n", name: "x", next: null })]);
    const file = await log.csv(ALL);
    expect([await file.text(), file.type]).toEqual(["\ufeffa\n1\n2\n", "text/csv;charset=utf-8"]);
  });
});

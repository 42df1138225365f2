import { describe, expect, test } from "vitest";
import { patiently } from "../src/api/patience";

function answers(...all: readonly (readonly [number, string?])[]) {
  const left = [...all];
  const send = async (): Promise<Response> => {
    const [status, after] = left.shift() ?? [500];
    return new Response(null, { status, headers: after === undefined ? {} : { "Retry-After": after } });
  };
  return { send, left };
}

async function waits(...all: readonly (readonly [number, string?])[]) {
  const { send, left } = answers(...all);
  const waited: number[] = [];
  const { status } = await patiently(send, async (seconds) => { waited.push(seconds); }, () => 0.5);
  return { status, waited, left: left.length };
}

describe("a read", () => {
  test("comes again when places are taken for a moment", async () => {
    expect(await waits([429, "2"], [429, "2"], [200])).toEqual({ status: 200, waited: [2, 2], left: 0 });
  });

  test("gives up after three repeats", async () => {
    expect(await waits([429, "2"], [429, "2"], [429, "2"], [429, "2"], [200])).toEqual({ status: 429, waited: [2, 2, 2], left: 1 });
  });

  test.each([[[429, "1800"]], [[429]], [[503, "2"]]] as const)("leaves %j to its screen", async (refusal) => {
    expect(await waits(refusal, [200])).toEqual({ status: refusal[0], waited: [], left: 1 });
  });

  test("does not come back with all others at once", async () => {
    const { send } = answers([429, "2"], [200]);
    const waited: number[] = [];
    await patiently(send, async (seconds) => { waited.push(seconds); }, () => 0.9);
    expect(waited).toEqual([2.8]);
  });
});

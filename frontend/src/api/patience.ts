/** Parts of a screen and frames of a page ask at the same moment, and a person has few places at the server: that is no failure yet. */

const TOO_MANY = 429;
const LONGEST_SECONDS = 5;
const MOST_REPEATS = 3;

function pause(seconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, seconds * 1_000));
}

/** Send again when the server asks for a few seconds' break; frames come back at different times. */
export async function patiently(send: () => Promise<Response>, wait = pause, chance = Math.random): Promise<Response> {
  let response = await send();
  for (let repeats = 0; repeats < MOST_REPEATS && response.status === TOO_MANY; repeats += 1) {
    const seconds = Number(response.headers.get("Retry-After"));
    if (!(seconds > 0 && seconds <= LONGEST_SECONDS)) break;
    await wait(seconds * (0.5 + chance()));
    response = await send();
  }
  return response;
}

/** Starts the screen that the host asks for. Both doors' entries call it. */
import type { Host, HostContext, ScreenName } from "./host";
import { learn, shownLocale } from "./messages";

export type Screen = (host: Host, context: HostContext, root: HTMLElement) => void | Promise<void>;

const PRIMARY_AND_MIDDLE = 1;

/** Send clicks on links to the host: in Forge's sandbox a link opens no tab. */
export function followLinks(root: HTMLElement, host: Pick<Host, "open">): void {
  const follow = (event: MouseEvent): void => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[href]");
    if (link === null || event.button > PRIMARY_AND_MIDDLE) return;
    event.preventDefault();
    host.open(link.href);
  };
  root.addEventListener("click", follow);
  root.addEventListener("auxclick", follow);
}

/** Show a screen in the element `app`, in texts that came with it. Throws when the page has no such element, or nothing shows the screen. */
export async function start(host: Host, screens: Partial<Record<ScreenName, () => Screen | Promise<Screen>>>): Promise<void> {
  host.followTheme();
  const root = document.getElementById("app");
  if (root === null) throw new Error("The page has no element for the screen.");
  followLinks(root, host);
  const context = await host.context();
  const load = screens[context.screen];
  if (load === undefined) throw new Error(`This build has no screen ${context.screen}.`);
  const show = await load();
  await learn(context.locale);
  document.documentElement.lang = shownLocale(context.locale);
  root.replaceChildren();
  await show(host, context, root);
}

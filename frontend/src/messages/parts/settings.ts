import { teach, type Catalogue } from "..";

teach(async () => (await import("../en/settings")).settings,
  import.meta.glob<Catalogue>("../../../../lockpoint/locale/*/LC_MESSAGES/screens.po", { import: "default", query: "?settings" }));

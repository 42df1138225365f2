import { teach, type Catalogue } from "..";

teach(async () => (await import("../en/myLocks")).myLocks,
  import.meta.glob<Catalogue>("../../../../lockpoint/locale/*/LC_MESSAGES/screens.po", { import: "default", query: "?myLocks" }));

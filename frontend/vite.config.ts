import { defineConfig } from "vitest/config";
import { catalogues } from "./catalogues/plugin.ts";

/** One entry for each surface, and one script before the first paint. The server reads hashed names from the manifest. */
export default defineConfig({
  base: "/static/",
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [catalogues()],
  build: {
    outDir: "../lockpoint/web/static",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    // Inlined files need `data:` in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: {
      checks: { pluginTimings: false }, // a slow machine is no fault of the build
      input: {
        page: "src/entries/connect-page.ts",
        macro: "src/entries/connect-macro.ts",
        "my-locks": "src/entries/connect-my-locks.ts",
        space: "src/entries/connect-space.ts",
        admin: "src/entries/connect-admin.ts",
        "get-started": "src/entries/connect-get-started.ts",
        prepaint: "src/prepaint.ts",
      },
    },
  },
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    testTimeout: 60_000, // a busy machine fails no test
  },
});

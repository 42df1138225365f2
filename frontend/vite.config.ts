import { defineConfig } from "vitest/config";

/**
 * One entry per surface, and one small script that runs before the first paint.
 * The server reads `.vite/manifest.json` to find the hashed names.
 */
export default defineConfig({
  base: "/static/",
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../lockpoint/web/static",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    // Inlined files would need `data:` in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: {
      input: { page: "src/page/main.tsx", prepaint: "src/prepaint.ts" },
    },
  },
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});

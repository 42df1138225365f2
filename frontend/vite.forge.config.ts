import { defineConfig, type Plugin } from "vite";
import { catalogues } from "./catalogues/plugin.ts";

/** Puts the script that applies the last colour mode first in the head; as a module it would run after the first paint. */
function prepaint(): Plugin {
  return {
    name: "lockpoint-prepaint",
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle }) {
        const built = Object.values(bundle ?? {}).find((file) => file.type === "chunk" && file.name === "prepaint");
        if (built === undefined) throw new Error("The build has no script before the first paint.");
        return [{ tag: "script", attrs: { src: `./${built.fileName}` }, injectTo: "head-prepend" }];
      },
    },
  };
}

/** The same sources as one page with relative addresses, which Forge serves from a place of its own choice. */
export default defineConfig({
  base: "./",
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [catalogues(), prepaint()],
  build: {
    outDir: "../forge/static/app",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: {
      checks: { pluginTimings: false }, // a slow machine is no fault of the build
      input: { index: "index.html", prepaint: "src/prepaint.ts" },
      output: { codeSplitting: { groups: [{ name: "bridge", test: /node_modules[\\/]@forge[\\/]/ }] } },
    },
  },
});

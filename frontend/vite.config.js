// One self-contained file per page of the admin, without a hash in its name: Django's manifest adds that.
// The mode names the page; the first one empties the folder. OUT: where to, for the check that what is committed is what is built.
import { defineConfig } from "vite";

const ENTRIES = { studio: "studio/main.js", blocks: "studio/blocks.js" };

export default defineConfig(({ mode }) => ({
  publicDir: false,
  build: {
    outDir: process.env.OUT || "../config/static/waymark/built",
    emptyOutDir: mode === "studio",
    target: "es2022",
    lib: { entry: ENTRIES[mode], formats: ["iife"], name: mode, fileName: () => `${mode}.js` },
  },
}));

// One self-contained file per page of the admin, without a hash in its name: Django's manifest adds that.
// OUT: where to, for the check that what is committed is what is built.
import { defineConfig } from "vite";

export default defineConfig({
  publicDir: false,
  build: {
    outDir: process.env.OUT || "../config/static/waymark/built",
    emptyOutDir: true,
    target: "es2022",
    lib: { entry: "studio/main.js", formats: ["iife"], name: "studio", fileName: () => "studio.js" },
  },
});

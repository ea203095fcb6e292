import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Where `npm run dev -w dashboard` finds a synchook that runs.
const server = process.env.SYNCHOOK_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    // Colours are written once for light and dark, by light-dark().
    target: ["chrome123", "firefox121", "safari17.5"],
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    // The policy of the pages lets no data: URL run or draw.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: { "^/(session|readyz|healthz|synchook\\.v1\\.)": { target: server, changeOrigin: false } },
  },
});

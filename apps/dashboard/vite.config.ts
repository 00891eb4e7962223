import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Where `npm run dev` finds a running platform. */
const PLATFORM = 'http://127.0.0.1:3000';
const COMPRESSIBLE = /\.(js|css|svg)$/;

/** Writes `.gz` and `.br` beside each asset, so that the server sends few bytes and compresses nothing itself. */
function compressed(): Plugin {
  let folder = '';
  return {
    name: 'tollgate-compressed',
    apply: 'build',
    configResolved: (config) => {
      folder = join(config.root, config.build.outDir, 'assets');
    },
    closeBundle: () => {
      for (const name of readdirSync(folder).filter((file) => COMPRESSIBLE.test(file))) {
        const bytes = readFileSync(join(folder, name));
        writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), compressed()],
  resolve: { conditions: ['@tollgate/source', 'module', 'browser', 'development|production'] },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // The contracts are declarations: what a page does not use need not be sent to it.
      treeshake: { moduleSideEffects: (id) => !id.includes('/libs/contracts/') },
    },
  },
  worker: { format: 'es' },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/health', '/docs', '/openapi.json'].map((path) => [
        path,
        { target: PLATFORM, changeOrigin: true, headers: { origin: PLATFORM } },
      ]),
    ),
  },
});

import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { defineConfig } from 'tsup'
import { COMMONJS_SCOPE } from './systemd/packaging/commonjs-scope.ts'
import { thirdPartyLicenses } from './systemd/packaging/licenses.ts'
import { copyNativeDuckdb, nativeDuckdb } from './systemd/packaging/native-duckdb.ts'
import { webAssets } from './systemd/packaging/web-assets.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

export default defineConfig({
  entry: { 'perwatt-agent': 'agent/main.ts', 'perwatt-collector': 'collector/main.ts' },
  format: 'esm',
  target: 'node20',
  platform: 'node',
  splitting: false,
  noExternal: [/.*/],
  removeNodeProtocol: false,
  banner: { js: COMMONJS_SCOPE },
  define: { __PERWATT_VERSION__: JSON.stringify(version), 'process.env.NODE_ENV': '"production"' },
  esbuildPlugins: [
    nativeDuckdb(),
    webAssets(),
    thirdPartyLicenses('dist/THIRD-PARTY-LICENSES.txt', ['preact', 'uplot']),
  ],
  esbuildOptions(options) {
    options.legalComments = 'none'
  },
  async onSuccess() {
    // without a type beside it, Node reads a program as CommonJS first, and keeps the 20 MB that this takes
    await writeFile('dist/package.json', `${JSON.stringify({ name: 'perwatt', version, type: 'module' })}\n`)
    await copyNativeDuckdb('dist/native')
  },
})

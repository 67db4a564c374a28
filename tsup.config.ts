import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { defineConfig } from 'tsup'
import { asciiOnly } from './systemd/packaging/ascii.ts'
import { COMMONJS_SCOPE } from './systemd/packaging/commonjs-scope.ts'
import { thirdPartyLicenses } from './systemd/packaging/licenses.ts'
import { copyNative, DUCKDB, KOFFI, nativePart } from './systemd/packaging/native.ts'
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
    nativePart(DUCKDB),
    nativePart(KOFFI),
    webAssets(),
    thirdPartyLicenses('dist/THIRD-PARTY-LICENSES.txt', ['preact', 'uplot', 'koffi']),
  ],
  plugins: [asciiOnly],
  esbuildOptions(options) {
    options.legalComments = 'none'
    options.charset = 'ascii'
    // the text of a program stays in its memory: no comments, and lines that an error can show
    options.minifyWhitespace = true
    options.lineLimit = 160
  },
  async onSuccess() {
    for (const part of [DUCKDB, KOFFI]) await copyNative(part, 'dist/native')
    // without a type beside it, Node reads a program as CommonJS first, and keeps the 20 MB that this takes.
    // Written last: it shows that the build is whole
    await writeFile('dist/package.json', `${JSON.stringify({ name: 'perwatt', version, type: 'module' })}\n`)
  },
})

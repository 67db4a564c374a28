import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { defineConfig, type Plugin } from 'vitest/config'
import { WEB_ASSETS, webAssetsModule } from './systemd/packaging/web-assets.ts'
import { Interleaved } from './test/interleaved.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

/** Tests of many minutes, `*.long.test.ts`, are a step of their own (`npm run test:long`), so that `npm test` stays short. */
const LONG = 'test/**/*.long.test.ts'
const FILES = {
  ordinary: { include: ['test/**/*.test.ts'], exclude: [LONG] },
  long: { include: [LONG], exclude: [] },
  all: { include: ['test/**/*.test.ts'], exclude: [] },
}
const files = FILES[(process.env['PERWATT_TESTS'] ?? 'ordinary') as keyof typeof FILES]

/** The pages as the build puts them into the collector, made when a test first imports them. */
const webAssets: Plugin = {
  name: 'web-assets',
  resolveId: (id) => (id === WEB_ASSETS ? `\0${id}` : undefined),
  load: (id) => (id === `\0${WEB_ASSETS}` ? webAssetsModule() : undefined),
}

export default defineConfig({
  plugins: [webAssets],
  define: { __PERWATT_VERSION__: JSON.stringify(version) },
  test: {
    ...files,
    setupFiles: ['test/patience.ts', 'test/properties.ts'],
    // the longest files mostly wait for real time, so more files than cores run at once
    maxWorkers: availableParallelism() + 3,
    sequence: { sequencer: Interleaved },
    // a limit for tests that hang: a loaded machine must not reach it, nor one that explores
    testTimeout: 300_000 * Number(process.env['PERWATT_RUNS'] ?? 1),
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    // Debian keeps mosquitto where only root's PATH looks
    env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
    coverage: {
      provider: 'v8',
      include: ['protocol/**/*.ts', 'agent/**/*.ts', 'collector/**/*.ts'],
      exclude: ['collector/screens/web/**'],
      reporter: ['text-summary', 'json-summary'],
      reportsDirectory: 'coverage',
    },
  },
})

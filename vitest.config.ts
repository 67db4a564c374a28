import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { defineConfig, type Plugin } from 'vitest/config'
import { WEB_ASSETS, webAssetsModule } from './systemd/packaging/web-assets.ts'
import { LongestFirst } from './test/longest-first.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

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
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/patience.ts', 'test/properties.ts'],
    // most of the time goes into waiting for real time, so more files than cores run at once
    maxWorkers: Math.max(3, availableParallelism()),
    sequence: { sequencer: LongestFirst },
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

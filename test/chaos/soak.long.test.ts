import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { fakeTimeLibrary } from './clock.ts'
import { soak, soakProblems, soakTable } from './soak.ts'

const MB = 2 ** 20

describe.skipIf(fakeTimeLibrary() === undefined)(
  'a short soak (skipped where libfaketime is not installed)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'perwatt-soak-test-'))
    const stop = new AbortController()
    afterAll(() => {
      stop.abort()
      rmSync(folder, { recursive: true, force: true })
    })

    test('at ten times the speed ends with a table that has every figure of every program', async () => {
      const all = await soak({
        ...{ seed: 1, store: 'duckdb', folder, dist: resolve('dist'), asics: 9 },
        ...{ minutes: 2, speed: 10, everyMs: 10_000, say: () => {}, signal: stop.signal },
      })
      expect(all.map(({ program }) => program).sort()).toEqual(['collector', 'gpu', 'mining', 'simulator'])
      expect(soakProblems(all, 2)).toEqual([])
      for (const { looks: seen } of all) {
        expect(seen.length).toBeGreaterThan(5)
        for (const { rssBytes, heapBytes, descriptors } of seen) {
          expect(rssBytes).toBeGreaterThan(20 * MB)
          expect(heapBytes).toBeGreaterThan(MB)
          expect(descriptors).toBeGreaterThan(5)
        }
      }
      const rows = soakTable(all, 2).split('\n')
      expect(rows).toHaveLength(all.length + 1)
    }, 400_000)
  },
)

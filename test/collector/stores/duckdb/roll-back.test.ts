import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDuckdbStore } from '../../../../collector/stores/duckdb/duckdb.ts'
import { SILENT } from '../../../../protocol/kit/log.ts'
import { moduleOf } from '../../../chaos/other-version.ts'
import { DAY_MS, interval } from '../fixtures.ts'

/** The oldest version that is held to. */
const FIRST = '54b681e'
const hasHistory = () => {
  try {
    execFileSync('git', ['rev-parse', '--verify', `${FIRST}^{commit}`], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perwatt-roll-back-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const earlier = async () =>
  (
    await moduleOf<{ createDuckdbStore: typeof createDuckdbStore }>(FIRST, 'duckdb-store', [
      'collector/stores/duckdb.ts',
    ])
  ).createDuckdbStore

test.runIf(hasHistory())(
  'a ledger that this version has opened is refused by an earlier one, which says what to run and leaves the file as it is',
  async () => {
    const options = { path: join(folder, 'ledger.duckdb'), memoryLimitMb: 128, log: SILENT }
    const before = (await earlier())(options)
    await before.open()
    await before.append('agent-a', { epoch: 1, seq: 1 }, [interval()])
    await before.close()
    const store = createDuckdbStore(options)
    await store.open()
    // the update keeps what the earlier version stored
    expect(await store.intervals(0, 2 * DAY_MS)).toEqual([{ agentId: 'agent-a', ...interval() }])
    const newer = interval({ deviceId: 'newer', extra: { heatMilliJ: 7 } })
    await store.append('agent-a', { epoch: 1, seq: 2 }, [newer])
    await store.close()
    await expect((await earlier())(options).open()).rejects.toMatchObject({
      code: 'store-newer',
      message: expect.stringMatching(/run the newer perwatt/),
    })
    const again = createDuckdbStore(options)
    await again.open()
    expect(await again.intervals(0, 2 * DAY_MS)).toHaveLength(2)
    await again.close()
  },
)

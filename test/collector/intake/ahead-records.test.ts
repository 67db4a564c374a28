import { beforeEach, describe, expect, it } from 'vitest'
import { AheadRecords } from '../../../collector/intake/ahead-records.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { HOUR_MS } from '../../../protocol/units.ts'
import { record, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const DAY_MS = 24 * HOUR_MS

describe('records that are stored at times which have not come', () => {
  let store: MemoryStore
  let wallMs: number
  let steadyMs: number
  let maySettle: boolean
  let sinceMs: number
  let noted: number[]
  let ahead: AheadRecords
  beforeEach(async () => {
    store = new MemoryStore()
    await store.open()
    ;[wallMs, steadyMs, maySettle, sinceMs, noted] = [T0, 1_000, true, 0, []]
    ahead = new AheadRecords({
      store,
      clock: {
        get maySettle() {
          return maySettle
        },
        get sinceMs() {
          return sinceMs
        },
        get instant() {
          return { wallMs, steadyMs }
        },
      },
      note: (minutes) => noted.push(...minutes),
      alone: (work) => work(),
      log: SILENT,
    })
    await store.append('a', { epoch: 7, seq: 3 }, [record(-1), record(1), record(30 * 60)])
    await store.append('b', { epoch: 7, seq: 1 }, [record(500 * 24 * 60)])
  })
  const aside = async () => (await store.held({}, 10)).map(({ record: r, check }) => [r.startMs - T0, check])
  const counting = async () => (await store.intervals(0, T0 + 1_000 * DAY_MS)).map((r) => r.startMs - T0)

  it('are put aside after the clock was set back, once it had two minutes for a clock that contradicts, and the rest counts', async () => {
    // at the start it shows the time of the newest of them
    wallMs = T0 + 500 * DAY_MS
    await ahead.look()
    expect(await aside()).toEqual([])
    wallMs = T0
    maySettle = false
    await ahead.look()
    expect(await aside()).toEqual([])
    ;[maySettle, sinceMs] = [true, T0 - 60_000]
    await ahead.look()
    expect(await aside()).toEqual([])
    sinceMs = T0 - 120_000
    await ahead.look()
    expect(await aside()).toEqual([
      [30 * HOUR_MS, 'from-future'],
      [500 * DAY_MS, 'from-future'],
    ])
    expect(await counting()).toEqual([-60_000, 60_000])
    expect(noted).toEqual([T0 + 30 * HOUR_MS, T0 + 500 * DAY_MS])
  })

  it('are looked for at the start too: the clock may have been set while no collector ran', async () => {
    await ahead.look()
    expect(await aside()).toHaveLength(2)
  })

  it('are not looked for again while the clock goes on, is slewed, or is set ahead', async () => {
    await ahead.look()
    let reads = 0
    const newest = store.newestRecordMs.bind(store)
    store.newestRecordMs = () => {
      reads++
      return newest()
    }
    for (const stepMs of [0, -60_000, HOUR_MS, 0]) {
      wallMs += 10_000 + stepMs
      steadyMs += 10_000
      await ahead.look()
    }
    expect(reads).toBe(0)
    wallMs -= HOUR_MS
    await ahead.look()
    expect(reads).toBe(1)
  })
})

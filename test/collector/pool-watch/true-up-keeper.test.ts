import { beforeEach, describe, expect, it } from 'vitest'
import { DAY_MS } from '../../../collector/economics/settlement/revenue.ts'
import { TrueUpKeeper } from '../../../collector/pool-watch/true-up-keeper.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { batch, LedgerRig, record, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const DAY = Math.floor(T0 / DAY_MS) * DAY_MS
const MIDNIGHT = DAY + DAY_MS
const LAST_MINUTE = MIDNIGHT - MINUTE_MS
const ESTIMATED = 1_000_000
const CREDIT = [{ worker: 'rig1', workDiff1: 2_900_000 }]

let store: MemoryStore
let rig: LedgerRig
let asked: number
let seq: number
const signal = AbortSignal.timeout(600_000)
const workers = async () => {
  asked++
  return CREDIT
}
const keeper = () =>
  new TrueUpKeeper({
    store,
    onStored: (minutes) => rig.settler.note(minutes),
    nowMs: () => rig.nowMs,
    log: SILENT,
  })
/** One more minute of a miner that counts no accepted work. */
const mine = async (minute: number) => {
  const estimated = record(minute, 'rig1', { estimatedWorkDiff1: ESTIMATED })
  delete estimated.workDiff1
  await rig.take(batch(seq++, [estimated]))
  await rig.settleAll()
}
const sums = () => store.sums()['mining'] ?? {}

beforeEach(async () => {
  store = new MemoryStore()
  rig = await new LedgerRig(store).start()
  asked = 0
  seq = 1
  for (const minute of [0, 1, 2]) await mine(minute)
  rig.nowMs = MIDNIGHT + 5 * MINUTE_MS
})

describe('true-ups of estimated work', () => {
  it('book the pool’s credit of the day that has ended, once, in its last minute', async () => {
    const keep = keeper()
    const before = sums()['revenueNanoUsd'] ?? 0
    await keep.keep('mining', workers, signal)
    await keep.keep('mining', workers, signal)
    await rig.settleAll()
    expect(asked).toBe(1)
    expect(sums()).toMatchObject({ estimatedWorkDiff1: 3_000_000, trueUpWorkDiff1: -100_000 })
    expect((sums()['revenueNanoUsd'] ?? 0) / before).toBeCloseTo(2.9 / 3, 6)
    expect(store.rows.filter((r) => r.trueUpWorkDiff1 !== 0).map((r) => r.minuteMs)).toEqual([LAST_MINUTE])
    await rig.stop()
  })

  it('follow a late record, so that the day stays what the pool credited', async () => {
    const keep = keeper()
    await keep.keep('mining', workers, signal)
    await mine(3)
    rig.nowMs += 61 * MINUTE_MS
    await keep.keep('mining', workers, signal)
    await rig.settleAll()
    expect(sums()).toMatchObject({ estimatedWorkDiff1: 4_000_000, trueUpWorkDiff1: -1_100_000 })
    await rig.stop()
  })

  it('survive a stop between their storing and the settling of their minute', async () => {
    const lost = new TrueUpKeeper({ store, onStored: () => {}, nowMs: () => rig.nowMs, log: SILENT })
    await lost.keep('mining', workers, signal)
    expect(sums()).toMatchObject({ trueUpWorkDiff1: 0 })
    await keeper().keep('mining', undefined, signal)
    await rig.settleAll()
    expect(sums()).toMatchObject({ trueUpWorkDiff1: -100_000 })
    await rig.stop()
  })

  it('are not asked for at noon, nor of a day that is all counted, nor of a pool that tells no workers', async () => {
    await keeper().keep('mining', undefined, signal)
    rig.nowMs = MIDNIGHT + DAY_MS / 2
    await keeper().keep('mining', workers, signal)
    rig.nowMs = MIDNIGHT + 5 * MINUTE_MS
    await keeper().keep('other', workers, signal)
    expect(asked).toBe(0)
    expect(store.trued.size).toBe(0)
    await rig.stop()
  })
})

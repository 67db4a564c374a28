import { beforeEach, describe, expect, it } from 'vitest'
import { DAY_MS } from '../../../collector/economics/settlement/revenue.ts'
import { TrueUpKeeper } from '../../../collector/pool-watch/true-up-keeper.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { ownerKey } from '../../../protocol/owner.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { batch, LedgerRig, POOL, record, T0 } from '../ledger-rig.ts'
import { minutesOf } from '../ledger-rows.ts'
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
const NO_READERS = { lastDay: undefined, ofDay: undefined }
const LAST_DAY = { lastDay: workers, ofDay: undefined }
const askedDays: number[] = []
/** A pool whose API keeps the days. */
const BY_DAY = {
  lastDay: undefined,
  ofDay: async (dayMs: number) => {
    askedDays.push(dayMs)
    return CREDIT
  },
}
const keeper = () =>
  new TrueUpKeeper({
    store,
    miningWorkloads: ['mining', 'hosted'],
    onStored: (minutes) => rig.settler.note(minutes),
    nowMs: () => rig.nowMs,
    log: SILENT,
  })
/** One more minute of a miner that counts no accepted work. */
const mine = async (minute: number, estimatedWorkDiff1 = ESTIMATED, owner = POOL) => {
  const estimated = record(minute, 'rig1', { estimatedWorkDiff1, owner })
  delete estimated.workDiff1
  await rig.take(batch(seq++, [estimated]))
  await rig.settleAll()
}
const sums = () => store.sums()['mining'] ?? {}

beforeEach(async () => {
  store = new MemoryStore()
  rig = await new LedgerRig(store).start()
  asked = 0
  askedDays.length = 0
  seq = 1
  // the ledger has the machine since the day before
  await mine(-24 * 60, 0)
  for (const minute of [0, 1, 2]) await mine(minute)
  rig.nowMs = MIDNIGHT + 5 * MINUTE_MS
})

describe('true-ups of estimated work', () => {
  it('book the pool’s credit of the day that has ended, once, in its last minute', async () => {
    const keep = keeper()
    const before = sums()['revenueNanoUsd'] ?? 0
    await keep.keep('mining', LAST_DAY, signal)
    await keep.keep('mining', LAST_DAY, signal)
    await rig.settleAll()
    expect(asked).toBe(1)
    expect(sums()).toMatchObject({ estimatedWorkDiff1: 3_000_000, trueUpWorkDiff1: -100_000 })
    expect((sums()['revenueNanoUsd'] ?? 0) / before).toBeCloseTo(2.9 / 3, 6)
    expect(store.rows.filter((r) => r.trueUpWorkDiff1 !== 0).map((r) => r.minuteMs)).toEqual([LAST_MINUTE])
    await rig.stop()
  })

  it('follow a late record, so that the day stays what the pool credited', async () => {
    const keep = keeper()
    await keep.keep('mining', LAST_DAY, signal)
    await mine(3)
    rig.nowMs += 61 * MINUTE_MS
    await keep.keep('mining', LAST_DAY, signal)
    await rig.settleAll()
    expect(sums()).toMatchObject({ estimatedWorkDiff1: 4_000_000, trueUpWorkDiff1: -1_100_000 })
    await rig.stop()
  })

  it('are booked by the list of midnight also of a worker whose records come after it', async () => {
    const keep = keeper()
    const credits = async () => {
      asked++
      // three times what the ledger has so far is taken for another machine's
      return [{ worker: 'rig1', workDiff1: 9_900_000 }]
    }
    const last = { lastDay: credits, ofDay: undefined }
    await keep.keep('mining', last, signal)
    expect(store.trued.size).toBe(0)
    expect(keep.notTruedUp('mining')).toMatchObject([
      { dayMs: DAY, worker: 'site.rig1', because: expect.stringMatching(/^the pool credits it 3\.3 times/) },
    ])
    await mine(3)
    rig.nowMs += 61 * MINUTE_MS
    await keep.keep('mining', last, signal)
    await rig.settleAll()
    expect(asked).toBe(1)
    expect(sums()).toMatchObject({ estimatedWorkDiff1: 4_000_000, trueUpWorkDiff1: 5_900_000 })
    rig.nowMs += 61 * MINUTE_MS
    await keep.keep('mining', last, signal)
    expect(keep.notTruedUp('mining')).toEqual([])
    await rig.stop()
  })

  it('that the list does not allow are named', async () => {
    const other = { lastDay: async () => [{ worker: 'rig2', workDiff1: 1 }], ofDay: undefined }
    const keep = keeper()
    await keep.keep('mining', other, signal)
    expect(keep.notTruedUp('mining')).toEqual([
      { dayMs: DAY, worker: 'site.rig1', because: 'not in the pool’s list' },
    ])
    await rig.stop()
  })

  it('survive a stop between their storing and the settling of their minute', async () => {
    const lost = new TrueUpKeeper({
      store,
      miningWorkloads: ['mining'],
      onStored: () => {},
      nowMs: () => rig.nowMs,
      log: SILENT,
    })
    await lost.keep('mining', LAST_DAY, signal)
    expect(sums()).toMatchObject({ trueUpWorkDiff1: 0 })
    await keeper().keep('mining', NO_READERS, signal)
    await rig.settleAll()
    expect(sums()).toMatchObject({ trueUpWorkDiff1: -100_000 })
    await rig.stop()
  })

  it('are not asked for at noon, nor of a day that is all counted, nor of a pool that tells no workers', async () => {
    await keeper().keep('mining', NO_READERS, signal)
    rig.nowMs = MIDNIGHT + DAY_MS / 2
    await keeper().keep('mining', LAST_DAY, signal)
    rig.nowMs = MIDNIGHT + 5 * MINUTE_MS
    await keeper().keep('other', LAST_DAY, signal)
    expect(asked).toBe(0)
    expect(store.trued.size).toBe(0)
    await rig.stop()
  })
})

describe('a day at whose end the collector was down', () => {
  it('is booked at noon where the pool keeps its days, once, also after another start', async () => {
    rig.nowMs = MIDNIGHT + DAY_MS / 2
    const keep = keeper()
    await keep.keep('mining', BY_DAY, signal)
    rig.nowMs += 61 * MINUTE_MS
    await keep.keep('mining', BY_DAY, signal)
    await keeper().keep('mining', BY_DAY, signal)
    await rig.settleAll()
    expect(askedDays).toEqual([DAY])
    expect(sums()).toMatchObject({ estimatedWorkDiff1: 3_000_000, trueUpWorkDiff1: -100_000 })
    expect(store.rows.filter((r) => r.trueUpWorkDiff1 !== 0).map((r) => r.minuteMs)).toEqual([LAST_MINUTE])
    expect(keep.missed('mining')).toEqual([])
    await rig.stop()
  })

  it('is booked days later, too, and its late records do not ask for what is booked', async () => {
    rig.nowMs = MIDNIGHT + 4 * DAY_MS
    const keep = keeper()
    await keep.keep('mining', BY_DAY, signal)
    await mine(3)
    rig.nowMs += 61 * MINUTE_MS
    await keep.keep('mining', BY_DAY, signal)
    await rig.settleAll()
    expect(askedDays).toEqual([DAY])
    expect(sums()).toMatchObject({ estimatedWorkDiff1: 4_000_000, trueUpWorkDiff1: -1_100_000 })
    await rig.stop()
  })

  it('whose records come late is asked again only where they change what is open', async () => {
    // the pool credits far more than the ledger has so far: the rest of the day is still in the agent's spool
    const later = {
      lastDay: undefined,
      ofDay: async (dayMs: number) => {
        askedDays.push(dayMs)
        return [{ worker: 'rig1', workDiff1: 9_900_000 }]
      },
    }
    rig.nowMs = MIDNIGHT + DAY_MS / 2
    const keep = keeper()
    for (let hour = 0; hour < 3; hour++) {
      await keep.keep('mining', later, signal)
      rig.nowMs += 61 * MINUTE_MS
    }
    expect(askedDays).toEqual([DAY])
    expect(store.trued.size).toBe(0)
    await mine(3)
    await keep.keep('mining', later, signal)
    await rig.settleAll()
    expect(askedDays).toEqual([DAY, DAY])
    expect(sums()).toMatchObject({ estimatedWorkDiff1: 4_000_000, trueUpWorkDiff1: 5_900_000 })
    await rig.stop()
  })

  it('stays estimated where the pool tells the last 24 h only, and is named', async () => {
    rig.nowMs = MIDNIGHT + DAY_MS / 2
    const keep = keeper()
    await keep.keep('mining', LAST_DAY, signal)
    await keep.keep('other', LAST_DAY, signal)
    expect(asked).toBe(0)
    expect(keep.missed('mining')).toEqual([DAY])
    expect(keep.missed('other')).toEqual([])
    // a pool that tells no workers promises nothing
    await keeper().keep('mining', NO_READERS, signal)
    await rig.stop()
  })

  it('that was read in time is not named, also after another start', async () => {
    const keep = keeper()
    await keep.keep('mining', LAST_DAY, signal)
    rig.nowMs = MIDNIGHT + DAY_MS / 2
    const next = keeper()
    for (const each of [keep, next]) await each.keep('mining', LAST_DAY, signal)
    expect([keep.missed('mining'), next.missed('mining')]).toEqual([[], []])
    await rig.stop()
  })
})

describe('a true-up', () => {
  it('of any age follows what is recorded late for its day, also after a start', async () => {
    const keep = keeper()
    await keep.keep('mining', LAST_DAY, signal)
    rig.nowMs = MIDNIGHT + 9 * DAY_MS + DAY_MS / 2
    await keep.keep('mining', NO_READERS, signal)
    await mine(3)
    keep.settled([T0 + 3 * MINUTE_MS])
    await keep.keep('mining', NO_READERS, signal)
    await rig.settleAll()
    expect(sums()).toMatchObject({ estimatedWorkDiff1: 4_000_000, trueUpWorkDiff1: -1_100_000 })
    await mine(4)
    await keeper().keep('mining', NO_READERS, signal)
    await rig.settleAll()
    expect(sums()).toMatchObject({ estimatedWorkDiff1: 5_000_000, trueUpWorkDiff1: -2_100_000 })
    await rig.stop()
  })

  it('takes away nothing of what was mined at another pool, and adds nothing for it', async () => {
    const backup = { ...POOL, poolUrl: 'stratum+tcp://backup.other:3333' }
    for (const minute of [3, 4, 5]) await mine(minute, ESTIMATED, backup)
    await keeper().keep('mining', LAST_DAY, signal)
    await rig.settleAll()
    // half of the six minutes was mined at each: the credit is that of one, less a tenth of a minute
    expect(sums()).toMatchObject({ estimatedWorkDiff1: 6_000_000, trueUpWorkDiff1: -100_000 })
    const more = { lastDay: async () => [{ worker: 'rig1', workDiff1: 5_500_000 }], ofDay: undefined }
    await keeper().keep('mining', more, signal)
    await rig.settleAll()
    expect(sums()).toMatchObject({ trueUpWorkDiff1: 0 })
    await rig.stop()
  })

  it('leaves to another workload what its machines under the same name were credited', async () => {
    store.rows.push(
      ...minutesOf('hosted', DAY, 3, {
        owner: ownerKey(POOL),
        deviceId: 'rig9',
        estimatedWorkDiff1: ESTIMATED,
      }),
    )
    // 6 million estimated in both; each has half of what the pool did not credit
    const both = { lastDay: async () => [{ worker: 'rig1', workDiff1: 5_800_000 }], ofDay: undefined }
    await keeper().keep('mining', both, signal)
    await rig.settleAll()
    expect(sums()).toMatchObject({ estimatedWorkDiff1: 3_000_000, trueUpWorkDiff1: -100_000 })
    await rig.stop()
  })

  it('books nothing for the time before the ledger has the machine', async () => {
    store = new MemoryStore()
    rig = await new LedgerRig(store).start()
    seq = 1
    for (const minute of [0, 1, 2]) await mine(minute)
    rig.nowMs = MIDNIGHT + 5 * MINUTE_MS
    // the ledger has it from 10:00 on: ten of the day's 24 hours may be of before
    const whole = { lastDay: async () => [{ worker: 'rig1', workDiff1: 4_800_000 }], ofDay: undefined }
    await keeper().keep('mining', whole, signal)
    await rig.settleAll()
    expect(sums()).toMatchObject({ estimatedWorkDiff1: 3_000_000, trueUpWorkDiff1: 0 })
    const less = { lastDay: workers, ofDay: undefined }
    await keeper().keep('mining', less, signal)
    await rig.settleAll()
    expect(sums()).toMatchObject({ trueUpWorkDiff1: -100_000 })
    await rig.stop()
  })
})

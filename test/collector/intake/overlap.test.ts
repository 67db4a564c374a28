import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LifeAccount } from '../../../collector/intake/life-account.ts'
import { withoutStored } from '../../../collector/intake/overlap.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'

const T0 = Date.UTC(2026, 0, 1)
const rig = (minute: number, more: Partial<Interval> = {}): Interval => ({
  deviceId: 'rig1',
  owner: { poolUser: 'site.rig1' },
  startMs: T0 + minute * MINUTE_MS,
  durationMs: MINUTE_MS,
  coveredMs: MINUTE_MS,
  energyMilliJ: 1000,
  workDiff1: 100,
  ...more,
})
const state = (more: Partial<LifeAccount> = {}): LifeAccount => ({
  kind: 'went-back',
  sinceMs: T0 + 5 * MINUTE_MS,
  beganMs: T0 + 9 * MINUTE_MS,
  untilMs: T0 + 10 * MINUTE_MS,
  seq: 0,
  byTime: true,
  devices: {},
  seen: [],
  ...more,
})
const gap = { recovered: true, coveredMs: 0 } as const
const sum = (records: readonly Interval[], name: 'energyMilliJ' | 'workDiff1') =>
  records.reduce((total, r) => total + (r[name] ?? 0), 0)

describe('a time that two lives of a spool have recorded', () => {
  it('keeps what is stored, and says nothing where the records are the same', () => {
    const records = [rig(3), rig(4), rig(5)]
    const found = withoutStored(records, structuredClone(records), state())
    expect(found).toMatchObject({ records: [], tells: false })
    expect(found.account.devices['rig1']?.ahead).toMatchObject({ energyMilliJ: 0, workDiff1: 0 })
  })

  it('takes what is stored from the growth that a counter shows over both lives', () => {
    // 10 minutes by the counter: 4,000 of them are stored as they were, the rest falls into the minutes after
    const recovered = [3, 4, 5, 6, 7, 8].map((m) => rig(m, { ...gap, energyMilliJ: 1000, workDiff1: 100 }))
    const stored = [
      rig(3, { energyMilliJ: 1500 }),
      rig(4, { energyMilliJ: 1500 }),
      rig(5, { energyMilliJ: 700 }),
    ]
    const { records, tells } = withoutStored([...recovered, rig(9)], stored, state())
    expect(records.map((r) => r.energyMilliJ)).toEqual([300, 1000, 1000, 1000])
    expect(sum([...stored, ...records], 'energyMilliJ')).toBe(sum([...recovered, rig(9)], 'energyMilliJ'))
    expect(sum([...stored, ...records], 'workDiff1')).toBe(700)
    expect(tells).toBe(true)
  })

  it('keeps the rest of a minute whose first part is stored', () => {
    const part = rig(5, { durationMs: 20_000, coveredMs: 20_000, energyMilliJ: 300, workDiff1: 30 })
    const { records } = withoutStored([rig(5, { recovered: true, coveredMs: 30_000 })], [part], state())
    expect(records).toEqual([
      rig(5, {
        startMs: part.startMs + 20_000,
        durationMs: 40_000,
        coveredMs: 10_000,
        energyMilliJ: 700,
        workDiff1: 70,
        recovered: true,
      }),
    ])
  })

  it('takes nothing off for the part of a minute that both lives share', () => {
    // the backup was made after the first part was acknowledged: it is not sent again
    const part = (fromS: number, toS: number, more: Partial<Interval> = {}) =>
      rig(5, {
        startMs: rig(5).startMs + fromS * 1000,
        durationMs: (toS - fromS) * 1000,
        coveredMs: (toS - fromS) * 1000,
        energyMilliJ: (toS - fromS) * 10,
        workDiff1: toS - fromS,
        ...more,
      })
    const stored = [part(0, 20), part(20, 30), part(30, 45)]
    const { records } = withoutStored([part(20, 60, gap)], stored, state())
    expect(records).toEqual([part(45, 60, gap)])
  })

  it('takes a stored minute once from the parts in which this life recorded it', () => {
    const part = (fromS: number, toS: number, workDiff1: number) =>
      rig(5, {
        startMs: rig(5).startMs + fromS * 1000,
        durationMs: (toS - fromS) * 1000,
        coveredMs: (toS - fromS) * 1000,
        workDiff1,
      })
    const first = withoutStored([part(0, 40, 60)], [rig(5)], state({ sinceMs: rig(5).startMs }))
    const next = withoutStored([part(40, 60, 40), rig(6)], [rig(5)], first.account)
    expect(first.records).toEqual([])
    expect(next.records.map((r) => r.workDiff1)).toEqual([100])
  })

  it('counts the minutes that are gone, for each device once', () => {
    const records = [rig(6, gap), rig(7, gap), rig(8, gap), rig(9), rig(10), rig(9, { deviceId: 'rig2' })]
    const first = withoutStored(records, [rig(5), rig(5, { deviceId: 'rig2' })], state())
    expect(first.missing).toEqual({ records: 6, fromMs: T0 + 6 * MINUTE_MS, toMs: T0 + 9 * MINUTE_MS })
    const next = withoutStored([rig(11), rig(11, { deviceId: 'rig2' })], [], first.account)
    expect(next).toMatchObject({ tells: false, account: { told: true } })
    expect(next.missing).toBeUndefined()
  })

  it.each([
    [25_000, 4],
    [2_000, 3],
  ])(
    'counts the minute in which the present life began %i ms after its begin, where it is more than a restart takes',
    (ms, records) => {
      const beganMs = T0 + 9 * MINUTE_MS + ms
      const part = rig(9, { startMs: beganMs + 500, durationMs: MINUTE_MS - ms - 500, coveredMs: 1000 })
      const found = withoutStored([part, rig(10)], [rig(5)], state({ beganMs }))
      expect(found.missing).toMatchObject({ records, fromMs: T0 + 6 * MINUTE_MS })
    },
  )

  it('counts the newest stored minute too, for a device whose record of it had not come', () => {
    const stored = [rig(5)]
    const records = [rig(6), { ...rig(6), deviceId: 'rig2' }]
    expect(withoutStored(records, stored, state()).missing).toEqual({
      records: 1,
      fromMs: T0 + 5 * MINUTE_MS,
      toMs: T0 + 6 * MINUTE_MS,
    })
  })

  it('counts none where the next minute follows', () => {
    expect(withoutStored([rig(5), rig(6), rig(7)], [rig(5)], state()).missing).toBeUndefined()
  })

  it('evens out what two copies that read at other moments saw of one minute', () => {
    // the other copy saw a share more in minute 5: it is not in this one's minute 6 again
    const stored = [rig(5, { workDiff1: 164 })]
    const first = withoutStored([rig(5), rig(6)], stored, state({ sinceMs: rig(5).startMs }))
    expect(first.records.map((r) => r.workDiff1)).toEqual([36])
    const next = withoutStored([rig(7)], [rig(7, { workDiff1: 60 })], first.account)
    expect(withoutStored([rig(8)], [], next.account).records.map((r) => r.workDiff1)).toEqual([140])
  })

  it('evens out the end of a gap too, but takes nothing off for a machine that rebooted within it', () => {
    const stored = (workDiff1: number) => [rig(4, { workDiff1: 5000 }), rig(5, { workDiff1 })]
    // the other copy saw the share of the last second in minute 5, this one in minute 6
    const gapped = [rig(4, { ...gap, workDiff1: 5000 }), rig(5, { recovered: true, workDiff1: 100 })]
    const [kept] = withoutStored([...gapped, rig(6)], stored(164), state({ sinceMs: rig(5).startMs })).records
    expect(kept?.workDiff1).toBe(36)
    const hour = Array.from({ length: 60 }, (_, m) => rig(m - 54))
    const rebooted = hour.map((r) => ({ ...r, ...gap, workDiff1: 2 }))
    const [whole] = withoutStored([...rebooted, rig(6)], hour, state({ sinceMs: rig(5).startMs })).records
    expect(whole?.workDiff1).toBe(100)
  })

  it('takes nothing off where one life counts what the other does not', () => {
    const { workDiff1: _, ...uncounted } = rig(5)
    const begins = state({ sinceMs: rig(5).startMs, fresh: true })
    const blind = withoutStored([uncounted, rig(6)], [rig(5)], begins)
    expect(blind.records.map((r) => r.workDiff1)).toEqual([100])
    // the counter of this life stands still: minutes of the other are no difference of moments
    const still = [3, 4, 5].map((m) => rig(m, { workDiff1: 0 }))
    const stored = [3, 4, 5].map((m) => rig(m))
    const { records } = withoutStored([...still, rig(6)], stored, state({ sinceMs: rig(5).startMs }))
    expect(records.map((r) => r.workDiff1)).toEqual([100])
  })

  it('books what it saw in minutes that the other stored without seeing it, however much that is', () => {
    // the replies of the pools were missing there for five minutes, and the other has ended since
    const stored = [3, 4, 5, 6, 7].map((m) => rig(m, { workDiff1: 0 }))
    const sent = [3, 4, 5, 6, 7, 8].map((m) => rig(m))
    const { records } = withoutStored(sent, stored, state({ sinceMs: rig(7).startMs }))
    expect(records.map((r) => r.workDiff1)).toEqual([600])
  })

  it('evens out what the other caught up with at once after it had not seen it', () => {
    const stored = [0, 1, 2, 3, 4, 5].map((m) => rig(m, { workDiff1: m === 3 ? 400 : 0 }))
    let account = state({ sinceMs: rig(5).startMs })
    // batch by batch, as the minutes close
    const kept = [0, 1, 2, 3, 4, 5, 6].flatMap((m) => {
      const found = withoutStored([rig(m)], stored, account)
      account = found.account
      return found.records.map((r) => r.workDiff1)
    })
    expect(kept).toEqual([300])
  })

  it('takes off what is stored of minutes in which this life saw no machine, once its counter catches up', () => {
    const stored = [3, 4, 5].map((m) => rig(m))
    const { account } = withoutStored([rig(2)], stored, state({ sinceMs: rig(5).startMs }))
    const { records } = withoutStored([rig(6, { workDiff1: 400 })], stored, account)
    expect(records.map((r) => r.workDiff1)).toEqual([100])
  })

  it('takes off what is stored since a record without amounts, from which on the growth of its counter counts', () => {
    const stored = [3, 4, 5].map((m) => rig(m))
    const { workDiff1: _, energyMilliJ: __, ...begin } = rig(3, gap)
    const found = withoutStored(
      [begin, rig(6, { workDiff1: 400 })],
      stored,
      state({ sinceMs: rig(5).startMs }),
    )
    expect(found.records.map((r) => r.workDiff1)).toEqual([100])
  })

  it('keeps two records of one owner in a minute apart', () => {
    const part = (fromS: number, toS: number) =>
      rig(5, {
        startMs: rig(5).startMs + fromS * 1000,
        durationMs: (toS - fromS) * 1000,
        coveredMs: (toS - fromS) * 1000,
        energyMilliJ: (toS - fromS) * 10,
        workDiff1: toS - fromS,
      })
    const { records } = withoutStored([part(0, 40), part(40, 60)], [part(0, 20)], state())
    expect(records).toEqual([part(20, 40), part(40, 60)])
  })

  it('takes nothing off energy that was integrated from power: nothing was counted twice', () => {
    // the restored spool knows a part of minute 5 alone, and the gap has no energy
    const part = rig(5, { recovered: true, coveredMs: 20_000, energyMilliJ: 300, workDiff1: 100 })
    const next = rig(6, { recovered: true, coveredMs: 30_000, energyMilliJ: 500, workDiff1: 100 })
    const { records } = withoutStored([part, next, rig(7)], [rig(5)], state({ sinceMs: rig(5).startMs }))
    expect(records.map((r) => r.energyMilliJ)).toEqual([500, 1000])
    expect(sum([rig(5), ...records], 'workDiff1')).toBe(300)
  })

  it('gives a minute of two owners its energy once', () => {
    const other = { owner: { poolUser: 'site.other' } }
    const stored = [rig(5, { energyMilliJ: 400 }), rig(5, { ...other, energyMilliJ: 600 })]
    const found = withoutStored([rig(5, gap), rig(6, gap), rig(7)], stored, state())
    expect(found.records.map((r) => r.energyMilliJ)).toEqual([1000, 1000])
    expect(sum([...stored, ...found.records], 'energyMilliJ')).toBe(3000)
  })

  it('keeps the sum of a counter, however its growth is spread and wherever the earlier life ended (property)', () => {
    const amount = fc.nat({ max: 5000 })
    fc.assert(
      fc.property(
        fc.array(amount, { minLength: 1, maxLength: 12 }),
        fc.array(amount, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: MINUTE_MS }),
        fc.integer({ min: 1, max: 5 }),
        (before, off, lastMs, batch) => {
          // what the counter grew by in each minute that the earlier life stored, and in each after it
          const stored = before.map((energyMilliJ, m) =>
            rig(m, {
              energyMilliJ,
              ...(m === before.length - 1 ? { durationMs: lastMs, coveredMs: lastMs } : {}),
            }),
          )
          const grown = [...before, ...off].reduce((a, b) => a + b, 0)
          const minutes = before.length + off.length
          const share = Math.floor(grown / minutes)
          const recovered = Array.from({ length: minutes }, (_, m) =>
            rig(m, { ...gap, energyMilliJ: share + (m === minutes - 1 ? grown - share * minutes : 0) }),
          )
          let open = state({
            sinceMs: T0 + (before.length - 1) * MINUTE_MS,
            beganMs: T0 + minutes * MINUTE_MS,
            untilMs: T0 + minutes * MINUTE_MS,
          })
          const kept: Interval[] = []
          for (let i = 0; i < recovered.length; i += batch) {
            const found = withoutStored(recovered.slice(i, i + batch), stored, open)
            kept.push(...found.records)
            // as it is kept with the mark
            open = JSON.parse(JSON.stringify(found.account)) as LifeAccount
          }
          expect(sum(stored, 'energyMilliJ') + sum(kept, 'energyMilliJ')).toBe(grown)
          for (const r of kept) {
            expect(r.energyMilliJ).toBeGreaterThanOrEqual(0)
            expect(r.coveredMs).toBeLessThanOrEqual(r.durationMs)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { LEDGER_SUMS, type LedgerRow } from '../../../collector/economics/ledger-row.ts'
import { GROUP_BYS, type Store } from '../../../collector/plugin/store.ts'
import { STORES } from '../../../collector/stores/index.ts'
import { INTERVAL_QUANTITIES, type Interval } from '../../../protocol/interval.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import type { Quote } from '../../../protocol/quote.ts'
import { auditContract } from './audit-contract.ts'
import { claimContract } from './claim-contract.ts'
import { DAY_MS, interval, intervals, ledgerRow, MINUTE_MS, ofAgent, sample, sorted } from './fixtures.ts'
import { heldContract } from './held-contract.ts'
import { oneStartContract } from './one-start-contract.ts'
import type { StartStoreRig, StoreRig } from './store-rig.ts'

const END_MS = DAY_MS + 24 * 60 * MINUTE_MS
const ODD_TEXTS = [
  `it's "quoted", with comma`,
  'back\\slash',
  `end\\`,
  `\\'`,
  'new\nline\r\ttab',
  'a=b;c=d',
  '100 % %0A',
  'Größe 電力 🔌',
  ' spaces ',
]

describe.each(STORES)('the $name store', ({ name, settings, open }) => {
  let rig: StoreRig
  let folder: string
  let databases = 0
  let store: Store
  const create = () => open(settings.parse(rig.settings(databases)), { dataFolder: folder, log: SILENT })
  beforeAll(async () => {
    const path = `./${name}/${name}.rig.ts`
    const { default: start } = (await import(/* @vite-ignore */ path)) as { default: StartStoreRig }
    rig = await start()
  })
  afterAll(() => rig.stop?.())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perwatt-store-'))
    databases++
    store = create()
    await store.open()
  })
  afterEach(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })
  const everything = async () => sorted(await store.intervals(0, 2 * END_MS))
  const reopen = async () => {
    await store.close()
    store = create()
    await store.open()
  }

  describe('audit', () => auditContract(() => store, reopen))
  describe('held records', () => heldContract(() => store, reopen))
  describe('two records of one start', () => oneStartContract(() => store))
  describe('claims to devices', () => claimContract(() => store, reopen))

  describe('keeps records', () => {
    test('as they were given, with absent quantities still absent', async () => {
      const records = [
        interval(),
        interval({ deviceId: 'gpu-01/gpu3', owner: {}, recovered: true }),
        { deviceId: 'm', owner: { service: 'llm' }, startMs: DAY_MS + 1, durationMs: 1, coveredMs: 0 },
        ...INTERVAL_QUANTITIES.map((name, i) => ({
          ...interval({ deviceId: `q${i}` }),
          [name]: Number.MAX_SAFE_INTEGER - i,
        })),
        interval({ deviceId: 'zero', energyMilliJ: 0, tokensIn: 0 }),
      ]
      await store.append('agent-a', { epoch: 1, seq: records.length }, records)
      expect(await everything()).toStrictEqual(sorted(ofAgent('agent-a', records)))
    })

    test('with what a newer agent says about them, which changes nothing else, and becomes a quantity once it has a name', async () => {
      const records = [
        interval({ deviceId: 'd0', extra: { heatMilliJ: 5, cooling: `it's "dry"\\`, throttled: true } }),
        interval({ deviceId: 'd1' }),
      ]
      await store.append('agent-a', { epoch: 1, seq: 2 }, records)
      await store.append('agent-a', { epoch: 1, seq: 3 }, [
        interval({ deviceId: 'd2', extra: { tokensOut: 7, heatMilliJ: 1 } }),
      ])
      const named = interval({ deviceId: 'd2', tokensOut: 7, extra: { heatMilliJ: 1 } })
      expect(await everything()).toStrictEqual(sorted(ofAgent('agent-a', [...records, named])))
      await reopen()
      expect(await everything()).toStrictEqual(sorted(ofAgent('agent-a', [...records, named])))
    })

    test('whose owners have facts of any text', async () => {
      const records = ODD_TEXTS.map((text, i) =>
        interval({ deviceId: `d${i}`, owner: { poolUser: text, b: '' } }),
      )
      await store.append('agent-a', { epoch: 1, seq: 9 }, records)
      expect(await everything()).toStrictEqual(sorted(ofAgent('agent-a', records)))
    })

    test('of owners that differ only in where a separator stands, apart', async () => {
      const records = [{ a: '1;b=2' }, { a: '1', b: '2' }, { a: '1', b: '2;' }, {}].map((owner) =>
        interval({ owner }),
      )
      await store.append('agent-a', { epoch: 1, seq: 4 }, records)
      expect(await everything()).toStrictEqual(sorted(ofAgent('agent-a', records)))
    })

    test('that start in the range asked for: its begin belongs to it, its end does not', async () => {
      await store.append('agent-a', { epoch: 1, seq: 4 }, intervals(1, 4))
      const found = await store.intervals(DAY_MS + MINUTE_MS, DAY_MS + 3 * MINUTE_MS)
      expect(found.map((r) => r.startMs).sort()).toEqual([DAY_MS + MINUTE_MS, DAY_MS + 2 * MINUTE_MS])
    })

    test('and tell when the newest of them was', async () => {
      await reopenEmpty()
      expect(await store.newestRecordMs()).toBeUndefined()
      const all = intervals(5, 8)
      await store.append('agent-a', { epoch: 1, seq: 40 }, all)
      expect(await store.newestRecordMs()).toBe(Math.max(...all.map(({ startMs }) => startMs)))
    })

    test('once, however often, in which order and with which marks batches come again', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.nat(3), { minLength: 1, maxLength: 10 }),
          fc.uniqueArray(fc.nat(20), { minLength: 4, maxLength: 4 }),
          async (order, marks) => {
            await reopenEmpty()
            const all = intervals(5, 8)
            const batch = (i: number) => all.slice(i * 10, i * 10 + 10)
            for (const i of [0, 1, 2, 3, ...order])
              await store.append('agent-a', { epoch: 1, seq: marks[i]! }, batch(i))
            expect(await everything()).toStrictEqual(sorted(ofAgent('agent-a', all)))
            expect(await store.highWaters()).toEqual(
              new Map([['agent-a', { epoch: 1, seq: Math.max(...marks) }]]),
            )
          },
        ),
        { numRuns: 8 },
      )
    })

    test('once, where a batch holds one twice', async () => {
      await store.append('agent-a', { epoch: 1, seq: 2 }, [interval(), interval()])
      expect(await everything()).toHaveLength(1)
    })

    test('and gives those of one agent alone, where that is asked', async () => {
      const [own, others] = [intervals(3, 4), intervals(2, 4, { deviceId: 'other' })]
      await store.appendAll([
        { agentId: `agent 'a'`, mark: { epoch: 1, seq: 12 }, records: own },
        { agentId: 'agent-b', mark: { epoch: 1, seq: 8 }, records: others },
      ])
      const [fromMs, toMs] = [DAY_MS + MINUTE_MS, DAY_MS + 3 * MINUTE_MS]
      const found = await store.intervals(fromMs, toMs, `agent 'a'`)
      const asked = own.filter(({ startMs }) => startMs >= fromMs && startMs < toMs)
      expect(sorted(found)).toStrictEqual(sorted(ofAgent(`agent 'a'`, asked)))
      expect(await store.intervals(fromMs, toMs, 'nobody')).toEqual([])
    })

    test('of agents that have devices of the same name, apart', async () => {
      const records = intervals(3, 20)
      const agents = Array.from({ length: 8 }, (_, i) => `agent-${i}`)
      await Promise.all(
        agents.flatMap((agent) =>
          [0, 1, 2].map((k) =>
            store.append(agent, { epoch: 7, seq: (k + 1) * 20 }, records.slice(k * 20, k * 20 + 20)),
          ),
        ),
      )
      expect(await everything()).toStrictEqual(sorted(agents.flatMap((agent) => ofAgent(agent, records))))
      expect(await store.highWaters()).toEqual(new Map(agents.map((a) => [a, { epoch: 7, seq: 60 }])))
    })

    test('over a restart, as everything else', async () => {
      await store.append('agent-a', { epoch: 5, seq: 6 }, intervals(2, 3))
      await store.settle([DAY_MS], [ledgerRow({ intervals: 2 })])
      await store.writeSamples([sample()])
      await store.quarantine([{ atMs: 1, agentId: 'a', topic: 't', reason: 'r', payload: 'p' }], 5)
      await reopen()
      expect(await everything()).toStrictEqual(sorted(ofAgent('agent-a', intervals(2, 3))))
      expect(await store.highWaters()).toEqual(new Map([['agent-a', { epoch: 5, seq: 6 }]]))
      expect(await store.unsettledMinutes(DAY_MS, END_MS)).toEqual([
        DAY_MS + MINUTE_MS,
        DAY_MS + 2 * MINUTE_MS,
      ])
      expect(await store.samples('rack1-01', DAY_MS, END_MS, 5)).toStrictEqual([sample()])
      expect(await store.quarantined(5)).toHaveLength(1)
    })
  })

  describe('keeps the mark of an agent', () => {
    test('with a batch that has no records', async () => {
      await store.append('agent-a', { epoch: 1, seq: 12 }, [])
      expect(await store.highWaters()).toEqual(new Map([['agent-a', { epoch: 1, seq: 12 }]]))
    })

    test('from going back within an epoch, a restart between or not', async () => {
      await store.append('agent-a', { epoch: 1, seq: 12 }, [])
      await store.append('agent-a', { epoch: 1, seq: 4 }, [])
      await reopen()
      await store.append('agent-a', { epoch: 1, seq: 5 }, [])
      expect((await store.highWaters()).get('agent-a')).toEqual({ epoch: 1, seq: 12 })
    })

    test('with its spool’s life and what is open of it, over a restart, and without them again', async () => {
      const mark = {
        epoch: 1,
        seq: 12,
        life: 'aaaaaaaa',
        newestMs: DAY_MS,
        overlap: '{"seen":["c1 \u2603"]}',
        tally: '{"line":2,"earlier":0,"owed":0,"again":0}',
      }
      await store.append('agent-a', { epoch: 1, seq: 3 }, [])
      await store.append('agent-a', mark, [])
      await reopen()
      expect((await store.highWaters()).get('agent-a')).toEqual(mark)
      const { overlap: _, tally: __, ...later } = { ...mark, seq: 13, newestMs: DAY_MS + 1 }
      await store.append('agent-a', later, [])
      expect((await store.highWaters()).get('agent-a')).toEqual(later)
    })

    test('with what is open of the spool of three thousand machines', async () => {
      const device = { ahead: { workDiff1: -123_456, energyMilliJ: 9_876_543_210 }, toMs: DAY_MS, most: {} }
      const devices = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`asic-${i}`, device]))
      const mark = { epoch: 1, seq: 12, overlap: JSON.stringify({ devices }) }
      await store.append('agent-a', mark, [])
      await reopen()
      expect((await store.highWaters()).get('agent-a')).toEqual(mark)
    })

    test('in a new epoch from its beginning', async () => {
      await store.append('agent-a', { epoch: 1, seq: 12 }, [])
      await store.append('agent-a', { epoch: Number.MAX_SAFE_INTEGER, seq: 1 }, [])
      expect((await store.highWaters()).get('agent-a')).toEqual({ epoch: Number.MAX_SAFE_INTEGER, seq: 1 })
    })
  })

  describe('settles', () => {
    const whole = { fromMs: DAY_MS, toMs: END_MS, stepMs: END_MS - DAY_MS, groupBy: 'device' as const }
    const devices = async () => (await store.ledger(whole)).map((b) => b.group)

    test('a minute again: a row that is gone is gone, and another minute stays', async () => {
      const other = ledgerRow({ minuteMs: DAY_MS + MINUTE_MS, deviceId: 'other' })
      await store.settle([DAY_MS, DAY_MS + MINUTE_MS], [ledgerRow(), ledgerRow({ deviceId: 'gone' }), other])
      await store.settle([DAY_MS], [ledgerRow({ energyMilliJ: 7 })])
      expect(await devices()).toEqual(['other', 'rack1-01'])
      expect(await store.ledger({ ...whole, groupBy: 'site' })).toEqual([
        { ...sums([ledgerRow({ energyMilliJ: 7 }), other]), startMs: DAY_MS, group: 'site' },
      ])
    })

    test('a minute whose row moved to another workload, owner and rack, without leaving the old one', async () => {
      await store.settle([DAY_MS], [ledgerRow()])
      const moved = ledgerRow({ workload: 'idle', owner: '', rack: '', container: '' })
      await store.settle([DAY_MS], [moved])
      expect(await store.ledger({ ...whole, groupBy: 'workload' })).toEqual([
        { ...sums([moved]), startMs: DAY_MS, group: 'idle' },
      ])
    })

    test('a minute empty, and then again', async () => {
      await store.append('agent-a', { epoch: 1, seq: 1 }, [interval()])
      await store.settle([DAY_MS], [ledgerRow()])
      await store.settle([DAY_MS], [])
      expect(await devices()).toEqual([])
      expect(await store.unsettledMinutes(DAY_MS, END_MS)).toEqual([DAY_MS])
      await store.settle([DAY_MS], [ledgerRow()])
      expect(await devices()).toEqual(['rack1-01'])
      expect(await store.unsettledMinutes(DAY_MS, END_MS)).toEqual([])
    })

    test('no minute with a row of another, which would be counted twice', async () => {
      const own = ledgerRow({ minuteMs: DAY_MS + MINUTE_MS })
      await store.settle([DAY_MS + MINUTE_MS], [own])
      // a time within the minute names another one
      for (const minutes of [[DAY_MS], [DAY_MS + MINUTE_MS + 1000], []])
        await expect(store.settle(minutes, [own])).rejects.toMatchObject({ code: 'store-refused' })
      expect(await store.ledger(whole)).toEqual([{ ...sums([own]), startMs: DAY_MS, group: 'rack1-01' }])
    })

    test('nothing without an error', async () => {
      await store.settle([], [])
      expect(await store.ledger(whole)).toEqual([])
    })

    test('the same minutes many times over, and ends with the last', async () => {
      const minutes = [0, 1, 2, 5].map((m) => DAY_MS + m * MINUTE_MS)
      const version = (v: number) =>
        minutes.flatMap((minuteMs) =>
          [0, 1].map((d) => ledgerRow({ minuteMs, deviceId: `d${v + d}`, energyMilliJ: v })),
        )
      await Promise.all(Array.from({ length: 15 }, (_, v) => store.settle(minutes, version(v))))
      expect(await store.ledger(whole)).toEqual(
        ['d14', 'd15'].map((group) => ({
          ...sums(version(14).filter((r) => r.deviceId === group)),
          startMs: DAY_MS,
          group,
        })),
      )
    })
  })

  describe('adds the ledger up', () => {
    const keyOf = {
      workload: 'workload',
      device: 'deviceId',
      agent: 'agentId',
      container: 'container',
      rack: 'rack',
    } as const

    test.each(GROUP_BYS)('exactly by %s, in steps of any width', async (groupBy) => {
      const rows = Array.from({ length: 400 }, (_, i) =>
        ledgerRow({
          minuteMs: DAY_MS + (i % 50) * MINUTE_MS,
          workload: ['mining', 'idle', 'llm "7b", large'][i % 3]!,
          deviceId: `gpu-${i % 7}/gpu0`,
          agentId: ['', 'edge 1', 'edge,2'][i % 3]!,
          container: ['', 'c 1', 'c,2'][i % 3]!,
          rack: ['', 'r=1'][i % 2]!,
          owner: i % 5 === 0 ? '' : `pod=p${i % 11}`,
          energyMilliJ: 10 ** 15 + i,
          revenueNanoUsd: -(i * 1_000_003),
          tokensOut: i,
        }),
      )
      await store.settle([...new Set(rows.map((r) => r.minuteMs))], rows)
      for (const stepMs of [MINUTE_MS, 7 * MINUTE_MS, 60 * MINUTE_MS]) {
        const range = { fromMs: DAY_MS + 3 * MINUTE_MS, toMs: DAY_MS + 40 * MINUTE_MS }
        const groups = new Map<string, LedgerRow[]>()
        for (const row of rows.filter((r) => r.minuteMs >= range.fromMs && r.minuteMs < range.toMs)) {
          const group = groupBy === 'site' ? 'site' : row[keyOf[groupBy]]
          const key = JSON.stringify([row.minuteMs - (row.minuteMs % stepMs), group])
          groups.set(key, [...(groups.get(key) ?? []), row])
        }
        const expected = [...groups].map(([key, members]) => {
          const [startMs, group] = JSON.parse(key) as [number, string]
          return { startMs, group, ...sums(members) }
        })
        const found = await store.ledger({ ...range, stepMs, groupBy })
        expect(found).toEqual(expected.sort((a, b) => a.startMs - b.startMs || (a.group < b.group ? -1 : 1)))
      }
    })

    test('beyond 2^53, rounding only the sum', async () => {
      const rows = [2 ** 53 - 1, 2 ** 53 - 1, 1, 1, 1, 1, 1, 1].map((energyMilliJ, i) =>
        ledgerRow({ energyMilliJ, deviceId: `d${i}`, rack: `r${i}` }),
      )
      await store.settle([DAY_MS], rows)
      const [bucket] = await store.ledger({
        fromMs: DAY_MS,
        toMs: END_MS,
        stepMs: MINUTE_MS,
        groupBy: 'site',
      })
      expect(bucket?.energyMilliJ).toBe(Number(2n ** 54n + 4n))
    })
  })

  test('knows the minutes whose ledger holds more or fewer records than there are', async () => {
    const minute = (m: number) => DAY_MS + m * MINUTE_MS
    const records = [0, 1, 2, 4].map((m) => interval({ startMs: minute(m) + 17_000, durationMs: 1000 }))
    await store.append('agent-a', { epoch: 1, seq: 4 }, records)
    await store.settle([minute(1)], [ledgerRow({ minuteMs: minute(1) })])
    expect(await store.unsettledMinutes(DAY_MS, END_MS)).toEqual([minute(0), minute(2), minute(4)])
    expect(await store.unsettledMinutes(minute(2), minute(4))).toEqual([minute(2)])
    expect(await store.unsettledMinutes(DAY_MS + 1, minute(4) + 1)).toEqual([minute(2), minute(4)])

    const late = interval({ deviceId: 'late', startMs: minute(1) })
    await store.append('agent-b', { epoch: 1, seq: 1 }, [late])
    expect(await store.unsettledMinutes(minute(1), minute(2))).toEqual([minute(1)])
    const both = [
      ledgerRow({ minuteMs: minute(1), intervals: 2 }),
      ledgerRow({ minuteMs: minute(1), deviceId: 'meter', intervals: 0 }),
    ]
    await store.settle([minute(1)], both)
    expect(await store.unsettledMinutes(minute(1), minute(2))).toEqual([])
    // one of the two records is doubtful now
    const why = { kind: 'doubt', check: 'energy', reason: 'too much', heldMs: minute(9) } as const
    await store.hold([{ ...late, agentId: 'agent-b', ...why }])
    expect(await store.unsettledMinutes(minute(1), minute(2))).toEqual([minute(1)])
  })

  test('leaves a minute as settled where fewer records are stored than it was settled from', async () => {
    await store.append('agent-a', { epoch: 1, seq: 1 }, [interval()])
    await store.settle([DAY_MS], [ledgerRow({ intervals: 2 })])
    expect(await store.unsettledMinutes(DAY_MS, END_MS)).toEqual([])
    await store.settle([DAY_MS + MINUTE_MS], [ledgerRow({ minuteMs: DAY_MS + MINUTE_MS })])
    expect(await store.unsettledMinutes(DAY_MS, END_MS)).toEqual([])
  })

  describe('keeps samples', () => {
    test('of a device in order of time, with absent values absent', async () => {
      const full = sample({ atMs: DAY_MS + 5000, utilizationRatio: 0.25 })
      const bare = {
        agentId: 'agent-a',
        deviceId: 'rack1-01',
        atMs: DAY_MS + 9000,
        state: 'unreachable' as const,
      }
      await store.writeSamples([full, bare, sample({ deviceId: `it's` }), sample({ atMs: DAY_MS + 20_000 })])
      expect(await store.samples('rack1-01', DAY_MS, DAY_MS + 20_000, 100)).toStrictEqual([full, bare])
      expect(await store.samples(`it's`, DAY_MS, END_MS, 100)).toHaveLength(1)
      expect(await store.samples('nobody', DAY_MS, END_MS, 100)).toEqual([])
    })

    test('and thins them evenly to a limit, the newest among them', async () => {
      await store.writeSamples(Array.from({ length: 1000 }, (_, i) => sample({ atMs: DAY_MS + i * 1000 })))
      const at = async (limit: number) =>
        (await store.samples('rack1-01', DAY_MS, END_MS, limit)).map((s) => (s.atMs - DAY_MS) / 1000)
      expect(await at(4)).toEqual([249, 499, 749, 999])
      expect(await at(1)).toEqual([999])
      expect(await at(0)).toEqual([])
      expect(await at(333)).toHaveLength(333)
      expect(await at(1001)).toHaveLength(1000)
    })

    test('until they are pruned; the ledger and the records stay', async () => {
      await store.append('agent-a', { epoch: 1, seq: 1 }, [interval()])
      await store.settle([DAY_MS], [ledgerRow()])
      await store.writeSamples([sample(), sample({ atMs: DAY_MS + 1 })])
      await store.prune(DAY_MS + 1)
      expect((await store.samples('rack1-01', 0, END_MS, 9)).map((s) => s.atMs)).toEqual([DAY_MS + 1])
      expect(await everything()).toHaveLength(1)
      const query = { fromMs: DAY_MS, toMs: END_MS, stepMs: MINUTE_MS, groupBy: 'site' as const }
      expect(await store.ledger(query)).toHaveLength(1)
    })
  })

  test('keeps quotes, and replaces one of the same name and time', async () => {
    const btc: Quote = {
      name: 'btcUsd',
      value: 98_765.4321,
      unit: 'USD/BTC',
      source: 'kraken',
      fromMs: DAY_MS,
    }
    const stale: Quote = {
      ...btc,
      value: 1e-7,
      source: `a "b"`,
      staleAfterMs: DAY_MS + 1,
      knownMs: DAY_MS + 2,
    }
    const power: Quote = {
      ...btc,
      name: 'energyUsdPerKwh',
      value: -0.05,
      unit: 'USD/kWh',
      fromMs: DAY_MS + 1,
    }
    await store.writeQuotes([stale, power])
    expect(await store.quotes()).toStrictEqual([stale, power])
    await store.writeQuotes([stale, btc])
    await reopen()
    expect(await store.quotes()).toStrictEqual([btc, power])
  })

  test('keeps texts of any length by kind and name; a newer one replaces one, also a shorter one', async () => {
    const long = 'ü😀 "a, b=c\n\\'.repeat(5_000)
    await store.keepText('doubts', "agent 'a', 1=ü", long)
    await store.keepText('doubts', 'b', '{}')
    await store.keepText('other', 'b', 'x')
    await reopen()
    expect(await store.keptTexts('doubts')).toEqual(
      new Map([
        ["agent 'a', 1=ü", long],
        ['b', '{}'],
      ]),
    )
    await store.keepText('doubts', "agent 'a', 1=ü", 'short')
    expect((await store.keptTexts('doubts')).get("agent 'a', 1=ü")).toBe('short')
    expect(await store.keptTexts('none')).toEqual(new Map())
  })

  test('keeps true-ups of pools, also negative ones; a newer one replaces that of its workload, worker and day', async () => {
    const trueUp = {
      workload: "mining 'a'",
      worker: 'rig, 1=ü',
      dayMs: DAY_MS,
      workDiff1: -1_000,
      poolWorkDiff1: 99_000,
      poolBasis: 'hashrate' as const,
      countedWorkDiff1: 60_000,
      estimatedWorkDiff1: 40_000,
    }
    const next = { ...trueUp, dayMs: DAY_MS + 1440 * MINUTE_MS }
    await store.writeTrueUps([next, { ...trueUp, workDiff1: 5 }])
    await store.writeTrueUps([trueUp])
    await reopen()
    expect(await store.trueUps(0, 2 * DAY_MS)).toStrictEqual([trueUp, next])
    expect(await store.trueUps(DAY_MS, DAY_MS + 1)).toStrictEqual([trueUp])
  })

  test('adds up a workload’s counted and estimated work by owner and machine, without true-ups, and says how its minutes scatter', async () => {
    const minutes = [DAY_MS, DAY_MS + MINUTE_MS]
    const counted = { estimatedWorkDiff1: 0, estimatedRevenueNanoUsd: 0 }
    await store.settle(minutes, [
      ...minutes.map((minuteMs) => ledgerRow({ minuteMs, workDiff1: 0, estimatedWorkDiff1: 300 })),
      ledgerRow({ deviceId: 'rack1-02', workDiff1: 200, ...counted }),
      ledgerRow({ deviceId: 'rack1-02', minuteMs: DAY_MS + MINUTE_MS, workDiff1: 100, ...counted }),
      ledgerRow({ deviceId: 'rack1-03', owner: 'poolUser=site.x', workDiff1: 70, ...counted }),
      ledgerRow({ deviceId: '', agentId: '', owner: 'poolUser=rig,trueUpOf=a', trueUpWorkDiff1: 9 }),
      ledgerRow({ workload: 'other' }),
    ])
    const machine = { agentId: 'agent-a', estimatedWorkDiff1: 0, estimatedCoveredMs: 0, workScatterDiff1: 0 }
    const site = 'poolUser=site.rack1-01'
    expect(await store.workByOwner('mining', DAY_MS, DAY_MS + 2 * MINUTE_MS)).toEqual([
      {
        ...machine,
        owner: site,
        deviceId: 'rack1-01',
        workDiff1: 0,
        estimatedWorkDiff1: 600,
        coveredMs: 120_000,
        estimatedCoveredMs: 120_000,
      },
      {
        ...machine,
        owner: site,
        deviceId: 'rack1-02',
        workDiff1: 300,
        coveredMs: 120_000,
        // both minutes are 50 from their mean
        workScatterDiff1: expect.closeTo(Math.sqrt(2) * 50, 6),
      },
      { ...machine, owner: 'poolUser=site.x', deviceId: 'rack1-03', workDiff1: 70, coveredMs: 60_000 },
    ])
    expect(await store.workByOwner('mining', DAY_MS + 2 * MINUTE_MS, DAY_MS + 3 * MINUTE_MS)).toEqual([])
  })

  test('keeps the newest of what it could not use, whatever is in it', async () => {
    const entries = ODD_TEXTS.map((text, i) => ({
      atMs: 1000 - i,
      agentId: text,
      topic: text,
      reason: text,
      payload: text,
    }))
    const newestFirst = entries.toReversed()
    await store.quarantine(entries.slice(0, 5), 7)
    await store.quarantine(entries.slice(5), 7)
    expect(await store.quarantined(100)).toStrictEqual(newestFirst.slice(0, 7))
    expect(await store.quarantined(2)).toStrictEqual(newestFirst.slice(0, 2))
    expect(await store.quarantined(0)).toEqual([])
    await reopen()
    await store.quarantine(entries.slice(0, 1), 2)
    expect(await store.quarantined(100)).toStrictEqual([entries[0], newestFirst[0]])
  })

  test('takes empty lists of anything', async () => {
    await store.writeSamples([])
    await store.writeQuotes([])
    await store.quarantine([], 5)
    expect(await store.quarantined(5)).toEqual([])
    expect(await store.highWaters()).toEqual(new Map())
    expect(await everything()).toEqual([])
  })

  test('says that it is closed when it is', async () => {
    await store.close()
    await expect(store.quotes()).rejects.toMatchObject({ code: 'store-closed' })
    await expect(store.append('a', { epoch: 1, seq: 1 }, [])).rejects.toMatchObject({ code: 'store-closed' })
    await store.close()
    await store.open()
    expect(await store.quotes()).toEqual([])
  })

  test('finishes the appends that were asked before it is closed', async () => {
    const appends = [1, 2, 3].map((seq) =>
      store.append('agent-a', { epoch: 1, seq }, [interval({ deviceId: `d${seq}` })]),
    )
    await store.close()
    await Promise.all(appends)
    await store.open()
    expect(await everything()).toHaveLength(3)
  })

  test('refuses a number that is not whole instead of rounding it, and keeps nothing of its batch', async () => {
    const records: Interval[] = [interval(), interval({ deviceId: 'b', energyMilliJ: 1.5 })]
    await expect(store.append('agent-a', { epoch: 1, seq: 2 }, records)).rejects.toMatchObject({
      code: 'store-refused',
      message: expect.stringContaining('energyMilliJ'),
    })
    expect(await everything()).toEqual([])
    expect(await store.highWaters()).toEqual(new Map())
  })

  async function reopenEmpty() {
    await store.close()
    await rm(folder, { recursive: true, force: true })
    databases++
    store = create()
    await store.open()
  }
})

function sums(rows: readonly LedgerRow[]) {
  return Object.fromEntries(
    LEDGER_SUMS.map((name) => [name, Number(rows.reduce((sum, row) => sum + BigInt(row[name]), 0n))]),
  )
}

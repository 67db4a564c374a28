import { expect, test } from 'vitest'
import type { Repricing } from '../../../collector/plugin/audit-store.ts'
import type { Decision, HeldFilter, HeldMark, RecordHold } from '../../../collector/plugin/held.ts'
import type { Store } from '../../../collector/plugin/store.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { DAY_MS, interval, ledgerRow, MINUTE_MS, ofAgent, sorted } from './fixtures.ts'

const END_MS = DAY_MS + 24 * 60 * MINUTE_MS
const ODD = `it's "quoted", a\\ = 100 %;\n電力`
const minute = (m: number) => DAY_MS + m * MINUTE_MS
const at = (m: number, deviceId: string, over: Partial<Interval> = {}) =>
  interval({ deviceId, startMs: minute(m), ...over })
const holdOf = (record: Interval, over: Partial<RecordHold> = {}): RecordHold => ({
  record,
  kind: 'doubt',
  check: 'work',
  reason: ODD,
  heldMs: END_MS,
  ...over,
})
const markOf = (agentId: string, record: Interval, over: Partial<HeldMark> = {}): HeldMark => {
  const { record: _, ...hold } = holdOf(record)
  const { deviceId, owner, startMs } = record
  return { ...hold, agentId, deviceId, owner, startMs, ...over }
}
const decided = (
  id: string,
  verdict: Decision['verdict'],
  filter: HeldFilter,
): Repricing & { decision: Decision } => ({
  id,
  atMs: END_MS,
  by: ODD,
  reason: ODD,
  fromMs: minute(0),
  toMs: minute(30),
  rulesVersion: '',
  quotes: [],
  doneMs: minute(0),
  decision: { verdict, filter: { fromMs: 0, toMs: 2 * END_MS, ...filter }, records: 1 },
})

/** What every store must do with records that are held until a person decides. */
export function heldContract(store: () => Store, reopen: () => Promise<void>): void {
  const counting = async () => sorted(await store().intervals(0, 2 * END_MS))
  const [good, bad, other] = [at(0, 'good'), at(0, 'bad', { workDiff1: 9e13 }), at(1, 'bad')]
  const everyRecord = sorted(ofAgent('agent-a', [good, bad, other]))
  const append = () =>
    store().appendAll([
      {
        agentId: 'agent-a',
        mark: { epoch: 1, seq: 3 },
        records: [good, bad, other],
        holds: [holdOf(bad), holdOf(other, { check: 'energy', reason: 'too much' })],
      },
    ])

  test('a record that comes with a hold is kept, and counts only once it is accepted', async () => {
    await append()
    await reopen()
    expect(await counting()).toStrictEqual(ofAgent('agent-a', [good]))
    expect(await store().highWaters()).toEqual(new Map([['agent-a', { epoch: 1, seq: 3 }]]))
    const { record: _, ...why } = holdOf(bad)
    expect(await store().held({}, 9)).toStrictEqual([
      { record: ofAgent('agent-a', [bad])[0], ...why, state: 'open' },
      {
        record: ofAgent('agent-a', [other])[0],
        ...why,
        check: 'energy',
        reason: 'too much',
        state: 'open',
      },
    ])
    await store().decide(decided('d1', 'accepted', {}))
    await reopen()
    expect(await counting()).toStrictEqual(everyRecord)
    expect((await store().held({}, 9)).map(({ state, decision }) => [state, decision])).toEqual([
      ['accepted', 'd1'],
      ['accepted', 'd1'],
    ])
  })

  test('what is rejected counts no longer, and a decision can be turned round', async () => {
    await append()
    await store().decide(decided('d1', 'accepted', { checks: ['work'] }))
    expect(await counting()).toStrictEqual(sorted(ofAgent('agent-a', [good, bad])))
    await store().decide(decided('d2', 'rejected', { state: 'accepted' }))
    await reopen()
    expect(await counting()).toStrictEqual(ofAgent('agent-a', [good]))
    expect((await store().held({ state: 'open' }, 9)).map((held) => held.record.startMs)).toEqual([minute(1)])
    await store().decide(decided('d3', 'accepted', { state: 'rejected' }))
    expect(await counting()).toStrictEqual(sorted(ofAgent('agent-a', [good, bad])))
  })

  test('a decision can be taken back by its name: what it decided is open again, and nothing else is', async () => {
    await append()
    await store().decide(decided('d1', 'accepted', { checks: ['work'] }))
    await store().decide(decided('d2', 'accepted', { state: 'open' }))
    expect((await store().held({ decision: 'd1' }, 9)).map(({ check }) => check)).toEqual(['work'])
    await store().decide(decided('d3', 'open', { decision: 'd1', state: 'accepted' }))
    await reopen()
    expect((await store().held({ state: 'open' }, 9)).map(({ check }) => check)).toEqual(['work'])
    expect(await store().held({ decision: 'd1' }, 9)).toEqual([])
    expect(await counting()).toStrictEqual(sorted(ofAgent('agent-a', [good, other])))
  })

  test('a record that comes again, or is held again, changes neither its hold nor what was decided', async () => {
    await append()
    await store().decide(decided('d1', 'accepted', { checks: ['work'] }))
    await append()
    await store().hold([markOf('agent-a', bad), markOf('agent-a', bad)])
    expect(await counting()).toStrictEqual(sorted(ofAgent('agent-a', [good, bad])))
    expect(await store().held({}, 9)).toHaveLength(2)
  })

  test('a stored record can be held later, by several holds, and counts once all of them are accepted', async () => {
    await store().append('agent-a', { epoch: 1, seq: 3 }, [good, bad, other])
    await store().append('agent-b', { epoch: 1, seq: 1 }, [bad])
    await store().hold([markOf('agent-a', bad), markOf('agent-a', bad, { kind: 'claim', check: 'agent' })])
    const without = sorted([...ofAgent('agent-a', [good, other]), ...ofAgent('agent-b', [bad])])
    expect(await counting()).toStrictEqual(without)
    await store().decide(decided('d1', 'accepted', { kinds: ['claim'] }))
    expect(await counting()).toStrictEqual(without)
    await store().decide(decided('d2', 'accepted', { kinds: ['doubt'] }))
    expect(await counting()).toHaveLength(4)
  })

  test('holds are found by kind, check, agent, device, state and time, and added up by device', async () => {
    const owner = { poolUser: ODD }
    const records = [at(0, 'm1', { owner }), at(1, 'm1', { owner }), at(1, 'm2', { owner: {} })]
    await store().appendAll([
      {
        agentId: 'agent-a',
        mark: { epoch: 1, seq: 3 },
        records,
        holds: records.map((record, i) => holdOf(record, { reason: `reason ${i}` })),
      },
    ])
    await store().append('agent-b', { epoch: 1, seq: 1 }, [at(5, 'm1')])
    await store().hold([markOf('agent-b', at(5, 'm1'), { kind: 'claim', check: ODD })])
    const found = async (filter: HeldFilter) =>
      (await store().held(filter, 9)).map(({ record }) => `${record.agentId} ${record.deviceId}`)
    expect(await found({ kinds: ['claim'] })).toEqual(['agent-b m1'])
    expect(await found({ kinds: ['quarantine'] })).toEqual([])
    expect(await found({ checks: [ODD] })).toEqual(['agent-b m1'])
    expect(await found({ agents: ['agent-a'] })).toHaveLength(3)
    expect(await found({ devices: ['m1', 'm9'] })).toHaveLength(3)
    expect(await found({ devices: [] })).toEqual([])
    expect(await found({ fromMs: minute(1), toMs: minute(5) })).toEqual(['agent-a m1', 'agent-a m2'])
    expect(await found({ state: 'accepted' })).toEqual([])
    expect(await store().held({}, 2)).toHaveLength(2)
    expect((await store().held({ devices: ['m1'] }, 1))[0]?.record.owner).toEqual(owner)
    const group = { agentId: 'agent-a', kind: 'doubt', check: 'work', state: 'open' }
    expect(await store().heldGroups({ agents: ['agent-a'] }, 9)).toEqual([
      { ...group, deviceId: 'm1', reason: 'reason 1', records: 2, firstMs: minute(0), lastMs: minute(1) },
      { ...group, deviceId: 'm2', reason: 'reason 2', records: 1, firstMs: minute(1), lastMs: minute(1) },
    ])
    expect(await store().heldGroups({}, 1)).toMatchObject([{ agentId: 'agent-b', check: ODD }])
    await store().decide(decided('d1', 'rejected', { devices: ['m1'] }))
    expect(await store().decidedMinutes('d1', 0, 9)).toEqual([minute(0), minute(1), minute(5)])
    expect(await store().decidedMinutes('d1', minute(1), 1)).toEqual([minute(1)])
    expect(await store().decidedMinutes('d2', 0, 9)).toEqual([])
  })

  test('a decision is kept with its repricing, and done again it changes nothing', async () => {
    await append()
    const repricing = decided('d1', 'accepted', { devices: ['bad'], state: 'open' })
    await store().decide(repricing)
    await store().decide(repricing)
    await reopen()
    expect(await store().repricings(9)).toStrictEqual([repricing])
    expect(await counting()).toStrictEqual(everyRecord)
  })

  test('held records are missing from no minute, and accepted ones are until they are settled', async () => {
    await append()
    expect(await store().unsettledMinutes(DAY_MS, END_MS)).toEqual([minute(0)])
    await store().settle([minute(0)], [ledgerRow({ minuteMs: minute(0) })])
    expect(await store().unsettledMinutes(DAY_MS, END_MS)).toEqual([])
    await store().decide(decided('d1', 'accepted', {}))
    expect(await store().unsettledMinutes(DAY_MS, END_MS)).toEqual([minute(0), minute(1)])
  })

  test('what held records would be worth is kept with the ledger of their minutes, and replaced with it', async () => {
    const back = (m: number, workload: string, n: number) => ({
      minuteMs: minute(m),
      workload,
      kind: 'doubt' as const,
      records: n,
      revenueNanoUsd: 10 * n,
      energyMilliJ: 100 * n,
    })
    await store().settle([minute(0), minute(1), minute(60)], [], {
      heldBack: [back(0, 'mining', 1), back(0, ODD, 2), back(1, 'mining', 4), back(60, 'mining', 8)],
    })
    await reopen()
    const bucket = (m: number, workload: string, n: number) => {
      const { minuteMs, ...sums } = back(m, workload, n)
      return { startMs: minuteMs, ...sums }
    }
    expect(await store().heldBack(DAY_MS, END_MS, 60 * MINUTE_MS)).toEqual([
      bucket(0, ODD, 2),
      bucket(0, 'mining', 5),
      bucket(60, 'mining', 8),
    ])
    await store().settle([minute(0), minute(60)], [], { heldBack: [back(60, 'mining', 9)] })
    expect(await store().heldBack(DAY_MS, END_MS, MINUTE_MS)).toEqual([
      bucket(1, 'mining', 4),
      bucket(60, 'mining', 9),
    ])
  })

  test('the past of devices is told: the end of the newest record whoever held it, and the energy of those that count', async () => {
    const at = (m: number, deviceId: string, over = {}) =>
      interval({ deviceId, startMs: minute(m), energyMilliJ: 100, ...over })
    const wild = at(70, 'm1', { energyMilliJ: 9e14 })
    const { energyMilliJ: _, ...without } = at(3, 'quiet')
    await store().appendAll([
      {
        agentId: 'agent-a',
        mark: { epoch: 1, seq: 7 },
        records: [
          at(0, 'old'),
          at(2, 'm1'),
          at(61, 'm1'),
          at(62, 'm1', { exportedMilliJ: 7 }),
          wild,
          without,
        ],
        holds: [{ record: wild, kind: 'doubt', check: 'energy', reason: 'x', heldMs: DAY_MS }],
      },
      {
        agentId: 'agent-b',
        mark: { epoch: 1, seq: 1 },
        records: [at(5, 'm1', { durationMs: 7_000 }), at(61, ODD)],
      },
    ])
    const pasts = await store().pastOfDevices(minute(1), minute(60))
    const name = (p: { agentId: string; deviceId: string }) => `${p.agentId} ${p.deviceId}`
    expect(pasts.toSorted((a, b) => (name(a) < name(b) ? -1 : 1))).toEqual([
      {
        agentId: 'agent-a',
        deviceId: 'm1',
        endMs: minute(71),
        energy: { energyMilliJ: 200, exportedMilliJ: 7, overMs: 120_000 },
      },
      { agentId: 'agent-a', deviceId: 'quiet', endMs: minute(4) },
      {
        agentId: 'agent-b',
        deviceId: ODD,
        endMs: minute(62),
        energy: { energyMilliJ: 100, exportedMilliJ: 0, overMs: 60_000 },
      },
      { agentId: 'agent-b', deviceId: 'm1', endMs: minute(5) + 7_000 },
    ])
    await store().decide(decided('d1', 'accepted', {}))
    const [m1] = (await store().pastOfDevices(minute(70), minute(70))).filter((p) => p.deviceId === 'm1')
    expect(m1).toMatchObject({ endMs: minute(71), energy: { energyMilliJ: 9e14 } })
  })
}

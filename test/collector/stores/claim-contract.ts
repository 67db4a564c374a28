import { expect, test } from 'vitest'
import type { Adoption, DeviceClaim } from '../../../collector/plugin/claim-store.ts'
import type { Store } from '../../../collector/plugin/store.ts'
import { DAY_MS, interval, MINUTE_MS } from './fixtures.ts'

const ODD = `it's "quoted", a\\ = 100 %;\n電力`
const claim = (over: Partial<DeviceClaim> = {}): DeviceClaim => ({
  agentId: 'agent-a',
  deviceId: 'gpu-01/gpu3',
  keys: ['id gpu-01/gpu3', `serial gpu ${ODD}`],
  claimedMs: DAY_MS,
  settled: false,
  spans: [{}],
  ...over,
})
const adoption = (id: string, over: Partial<Adoption> = {}): Adoption => ({
  id,
  atMs: DAY_MS,
  by: ODD,
  reason: ODD,
  kind: 'adopt',
  moves: [
    {
      from: { agentId: 'agent-a', deviceId: 'm1' },
      to: { agentId: 'agent-b', deviceId: 'm2' },
      fromMs: DAY_MS,
    },
  ],
  done: false,
  ...over,
})

/** What every store must do with which agent a device belongs to. */
export function claimContract(store: () => Store, reopen: () => Promise<void>): void {
  test('a claim is kept as it was given, through a restart', async () => {
    const aside = claim({
      agentId: 'agent-b',
      inherited: ['id old'],
      fromMs: DAY_MS + 1,
      settled: true,
      withdrawn: { fromMs: DAY_MS, atMs: DAY_MS + 1 },
      spans: [{ toMs: DAY_MS }, { fromMs: DAY_MS + MINUTE_MS }],
      rival: { agentId: 'agent-a', deviceId: 'gpu-01/gpu3', key: `serial gpu ${ODD}` },
      apart: true,
    })
    await store().writeClaims([aside, claim()])
    await store().writeClaims([])
    await reopen()
    expect(await store().claims()).toStrictEqual([claim(), aside])
  })

  test('a newer claim of an agent to a device takes the place of the older, and of no other', async () => {
    await store().writeClaims([claim(), claim({ deviceId: 'm1' }), claim({ agentId: 'agent-b' })])
    const newer = claim({ spans: [], settled: true, keys: ['id gpu-01/gpu3'] })
    await store().writeClaims([claim({ claimedMs: 1 }), newer])
    expect(await store().claims()).toStrictEqual([
      newer,
      claim({ deviceId: 'm1' }),
      claim({ agentId: 'agent-b' }),
    ])
  })

  test('adoptions come newest first, each as it was written last', async () => {
    await store().writeAdoption(adoption('one'))
    await store().writeAdoption(adoption('two', { atMs: DAY_MS + 1, kind: 'apart' }))
    await store().writeAdoption(adoption('one', { done: true }))
    await reopen()
    expect(await store().adoptions(9)).toStrictEqual([
      adoption('two', { atMs: DAY_MS + 1, kind: 'apart' }),
      adoption('one', { done: true }),
    ])
    expect((await store().adoptions(1)).map((a) => a.id)).toEqual(['two'])
    expect(await store().adoptions(0)).toEqual([])
  })

  test('the begin of the first and the end of the newest record are told by device, of one agent, whoever held it', async () => {
    const at = (m: number, deviceId: string, over = {}) =>
      interval({ deviceId, startMs: DAY_MS + m * MINUTE_MS, durationMs: 60_000, ...over })
    const held = at(9, 'm1')
    await store().appendAll([
      {
        agentId: 'agent-a',
        mark: { epoch: 1, seq: 4 },
        records: [at(3, 'm1'), at(1, 'm1'), at(2, ODD, { owner: {}, durationMs: 7_000 }), held],
        holds: [{ record: held, kind: 'claim', check: 'second-agent', reason: 'x', heldMs: DAY_MS }],
      },
      { agentId: 'agent-b', mark: { epoch: 1, seq: 1 }, records: [at(0, 'm1')] },
    ])
    expect(await store().recordTimes('agent-a')).toEqual(
      new Map([
        ['m1', { firstMs: DAY_MS + MINUTE_MS, endMs: DAY_MS + 10 * MINUTE_MS }],
        [ODD, { firstMs: DAY_MS + 2 * MINUTE_MS, endMs: DAY_MS + 2 * MINUTE_MS + 7_000 }],
      ]),
    )
    expect(await store().recordTimes('nobody')).toEqual(new Map())
  })
}

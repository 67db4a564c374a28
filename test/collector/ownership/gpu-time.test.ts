import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GpuTime } from '../../../collector/ownership/gpu-time.ts'
import type { Device } from '../../../protocol/device.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { record, T0, TENANT } from '../ledger-rig.ts'
import { GpuTimeRig, gpu, held, host } from './gpu-time-rig.ts'

describe('GPU time', () => {
  const site = GpuTimeRig.beforeEach()
  const { hear, take, paid } = site
  const open = async () =>
    (await site.store.held({ state: 'open' }, 99)).map(
      ({ record: r, kind, check }) => `${r.agentId} ${r.deviceId} ${kind} ${check}`,
    )

  it('of a host and of its GPUs is paid once where one agent tells both, by the GPUs', async () => {
    hear('a', host(), gpu('node-7/gpu0'), gpu('node-7/gpu1'))
    await take('a', held(0, 'node-7', 2), held(0, 'node-7/gpu0'), held(0, 'node-7/gpu1'))
    expect(paid()).toEqual({ 'a node-7/gpu0': 1, 'a node-7/gpu1': 1 })
    expect(await open()).toEqual(['a node-7 doubt gpu-twice'])
    const [{ reason } = { reason: '' }] = await site.store.held({ state: 'open' }, 1)
    expect(reason).toBe(
      'a, node-7: it tells the time of its GPUs, and so does node-7/gpu0 of agent a; a GPU-second is paid once: let one of them tell it',
    )
  })

  it('of a server that is metered by another agent’s host is that host’s: it is paid once, to the first of the two, and a PDU makes no such machine', async () => {
    const on = (meteredBy: string): Device => host({ deviceId: 'llm', kind: 'service', meteredBy })
    hear('a', host(), { deviceId: 'pdu', kind: 'meter', driver: 'snmp-pdu' })
    hear('b', on('node-7'))
    hear('c', host({ deviceId: 's2', kind: 'service', meteredBy: 'pdu' }))
    await take('a', held(0, 'node-7', 2))
    await take('b', held(0, 'llm', 2), held(1, 'llm', 2))
    await take('c', held(0, 's2', 2))
    expect(paid()).toEqual({ 'a node-7': 2, 'c s2': 2 })
    await site.begin()
    // the server was there before anybody told that its meter is a host
    hear('b', on('node-7'))
    await take('b', held(0, 'llm', 2))
    hear('a', host())
    await take('a', held(0, 'node-7', 2), held(1, 'node-7', 2))
    await take('b', held(1, 'llm', 2))
    expect(paid()).toEqual({ 'b llm': 4 })
    // nor does one that moves behind a host go before it
    await site.begin()
    hear('b', on('pdu'))
    await take('b', held(0, 'llm'))
    hear('a', host())
    await take('a', held(1, 'node-7', 2))
    hear('b', on('node-7'))
    await take('b', held(2, 'llm', 2))
    await take('a', held(2, 'node-7', 2))
    expect(paid()).toEqual({ 'a node-7': 4, 'b llm': 1 })
  })

  it('is paid once also where a person accepts all that is held: what another device is paid for waits', async () => {
    hear('a', host(), gpu('node-7/gpu0'))
    await take('a', held(0, 'node-7'), held(0, 'node-7/gpu0'))
    for (const filter of [{}, { checks: ['gpu-twice'] }, { devices: ['node-7'] }])
      expect(
        await site.rig.ledger.repricer.decide({
          verdict: 'accepted',
          filter,
          by: 'ann',
          reason: 'all of it',
        }),
      ).toBeUndefined()
    await take('a', record(0, 'late'))
    expect(paid()).toEqual({ 'a node-7/gpu0': 1 })
    await site.rig.ledger.repricer.decide({
      verdict: 'rejected',
      filter: {},
      by: 'ann',
      reason: 'its GPUs tell it',
    })
    expect(await open()).toEqual([])
  })

  it('of a record that a person accepted for something else is paid once', async () => {
    hear('a', host(), gpu('node-7/gpu0'))
    const hold = { kind: 'doubt', check: 'gpu-time', reason: 'too much', heldMs: 0 } as const
    await take('a', held(0, 'node-7'), held(0, 'node-7/gpu0'))
    await site.store.hold([{ agentId: 'a', deviceId: 'node-7', owner: TENANT, startMs: T0, ...hold }])
    await site.rig.ledger.repricer.decide({ verdict: 'accepted', filter: {}, by: 'ann', reason: 'it is so' })
    await site.rig.ledger.settleAll()
    expect(paid()).toEqual({ 'a node-7/gpu0': 1 })
    expect(await open()).toEqual(['a node-7 doubt gpu-twice'])
  })

  it('of a host of which one agent reads a part on their own is paid whole: the GPUs’, and what is left of the host’s', async () => {
    hear('a', host(), gpu('node-7/gpu0'), gpu('node-7/gpu1'))
    await take('a', held(0, 'node-7', 8), held(0, 'node-7/gpu0'))
    await take('a', held(1, 'node-7', 8), held(1, 'node-7/gpu0'), held(1, 'node-7/gpu1'))
    expect(paid()).toEqual({ 'a node-7': 13, 'a node-7/gpu0': 2, 'a node-7/gpu1': 1 })
    expect(await open()).toEqual([])
  })

  it('of a service is paid once beside that of the host that it is metered by, and two on one PDU have each their own', async () => {
    hear(
      'a',
      host(),
      host({ deviceId: 's1', kind: 'service', meteredBy: 'node-7' }),
      host({ deviceId: 's2', kind: 'service', meteredBy: 'pdu' }),
      host({ deviceId: 's3', kind: 'service', meteredBy: 'pdu' }),
    )
    await take('a', ...['node-7', 's1', 's2', 's3'].map((deviceId) => held(0, deviceId)))
    expect(paid()).toEqual({ 'a node-7': 1, 'a s2': 1, 'a s3': 1 })
  })

  it('of a host is paid where its GPUs tell none, and minute by minute where they stop', async () => {
    hear('a', host(), gpu('node-7/gpu0'))
    await take('a', held(0, 'node-7', 2), record(0, 'node-7/gpu0', { owner: {} }))
    await take('a', held(1, 'node-7', 2), held(1, 'node-7/gpu0'))
    await take('a', held(2, 'node-7', 2))
    expect(paid()).toEqual({ 'a node-7': 5, 'a node-7/gpu0': 1 })
  })

  it('is paid once in whatever order the two records of a minute come', async () => {
    hear('a', host(), gpu('node-7/gpu0'))
    await take('a', held(0, 'node-7'))
    expect(paid()).toEqual({ 'a node-7': 1 })
    await take('a', held(0, 'node-7/gpu0'))
    expect(paid()).toEqual({ 'a node-7/gpu0': 1 })
  })

  it.each([
    ['name', host(), gpu('node-7/gpu3')],
    ['host name', host({ hostname: 'n7.dc.example' }), gpu('g3', { hostname: 'N7' })],
    ['computer', host({ computer: 'c7' }), gpu('g3', { computer: 'c7' })],
    ['meter', host(), gpu('g3', { meteredBy: 'node-7' })],
    [
      'service on it',
      { ...host({ computer: 'c7' }), kind: 'service' as const },
      gpu('g3', { computer: 'c7', meteredBy: 'pdu1' }),
    ],
  ])(
    'that two agents tell of one machine, known by its %s, is paid to the first, and the second waits',
    async (_by, whole, part) => {
      for (const [first, second] of [
        [whole, part],
        [part, whole],
      ] as const) {
        await site.rig.stop()
        await site.begin()
        hear('a', first)
        hear('b', second)
        await take('a', held(0, first.deviceId))
        await take('b', held(0, second.deviceId), held(1, second.deviceId))
        await take('a', held(1, first.deviceId))
        expect(paid()).toEqual({ [`a ${first.deviceId}`]: 2 })
        expect(await open()).toEqual(Array(2).fill(`b ${second.deviceId} doubt gpu-twice`))
      }
    },
  )

  it('stays with the first over a restart of the collector, also in a minute whose records come late', async () => {
    hear('a', host({ hostname: 'n7' }))
    await take('a', held(0, 'node-7'))
    hear('b', gpu('g3', { hostname: 'n7' }))
    await take('b', held(1, 'g3'))
    site.rig = await site.rig.restart()
    await take('b', held(2, 'g3'))
    await take('a', held(1, 'node-7'), held(2, 'node-7'))
    expect(paid()).toEqual({ 'a node-7': 3 })
  })

  it('of an agent that tells only later that it reads another’s machine waits from then on', async () => {
    hear('b', gpu('g3'))
    await take('b', held(0, 'g3'))
    hear('a', host({ hostname: 'n7' }))
    await take('a', held(1, 'node-7'))
    hear('b', gpu('g3', { hostname: 'n7' }))
    await take('b', held(2, 'g3'))
    await take('a', held(2, 'node-7'))
    expect(paid()).toEqual({ 'a node-7': 2, 'b g3': 1 })
  })

  it('stays with the GPUs that are paid for it, though another agent told their host’s name first with a millisecond of time', async () => {
    hear('a', gpu('q/gpu0'))
    await take('a', held(0, 'q/gpu0'))
    hear('b', host({ deviceId: 'bh', hostname: 'dgx-07' }))
    await take('b', record(1, 'bh', { owner: TENANT, gpuMs: 1 }))
    hear('a', gpu('q/gpu0', { hostname: 'dgx-07' }))
    await take('a', held(2, 'q/gpu0'), held(3, 'q/gpu0'))
    await take('b', record(3, 'bh', { owner: TENANT, gpuMs: 1 }))
    expect(paid()).toEqual({ 'a q/gpu0': 3, 'b bh': 1 / 60_000 })
    expect(await open()).toEqual(['b bh doubt gpu-twice'])
  })

  it('counts for another agent’s GPUs once the host has told none for a day', async () => {
    hear('a', host({ hostname: 'n7' }))
    await take('a', held(0, 'node-7'))
    hear('b', gpu('g3', { hostname: 'n7' }))
    const day = 24 * 60
    site.rig.ledger.nowMs = T0 + (day + 20) * MINUTE_MS
    await take('b', held(day - 1, 'g3'), held(day + 1, 'g3'))
    expect(paid()).toEqual({ 'a node-7': 1, 'b g3': 1 })
    expect(await open()).toEqual(['b g3 doubt gpu-twice'])
  })

  it('of other machines, and of GPUs of one machine in two hands, is paid to each', async () => {
    hear('a', host({ hostname: 'localhost' }), gpu('node-8/gpu0', { hostname: 'localhost' }))
    hear('b', gpu('g1', { computer: 'c8' }))
    hear('c', gpu('g2', { computer: 'c8' }))
    await take('a', held(0, 'node-7'), held(0, 'node-8/gpu0'))
    await take('b', held(0, 'g1'))
    await take('c', held(0, 'g2'))
    expect(paid()).toEqual({ 'a node-7': 1, 'a node-8/gpu0': 1, 'b g1': 1, 'c g2': 1 })
    expect(new GpuTime(site.rig.register, () => 0).doubts(T0, [])).toEqual([])
  })

  it('is never paid twice, whatever hosts, services and GPUs tell in whatever order', async () => {
    const devices = [
      host({ computer: 'c7' }),
      host({ deviceId: 'svc', kind: 'service', computer: 'c7' }),
      gpu('node-7/gpu0', { hardwareId: 'GPU-77777777-1' }),
      gpu('card', { hardwareId: 'GPU-77777777-1', computer: 'c7' }),
    ]
    const told = fc.record({
      agentId: fc.constantFrom('a', 'b'),
      which: fc.nat(9),
      minute: fc.integer({ min: 0, max: 2 }),
    })
    // each agent reads the host, and may read others
    const read = fc.subarray(devices.slice(1)).map((some) => [devices[0] as Device, ...some])
    await fc.assert(
      fc.asyncProperty(
        read,
        read,
        fc.array(told, { minLength: 1, maxLength: 14 }),
        async (a, b, messages) => {
          await site.rig.stop()
          await site.begin()
          const known = { a, b }
          hear('a', ...a)
          hear('b', ...b)
          for (const { agentId, which, minute } of messages) {
            const own = known[agentId as 'a' | 'b']
            await take(agentId, held(minute, (own[which % own.length] as Device).deviceId))
          }
          for (let minute = 0; minute < 3; minute++) {
            const rows = site.store.rows.filter((r) => r.minuteMs === T0 + minute * MINUTE_MS)
            expect(rows.reduce((sum, r) => sum + r.gpuMs, 0)).toBeLessThanOrEqual(60_000)
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})

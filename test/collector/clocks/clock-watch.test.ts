import { hostname, networkInterfaces } from 'node:os'
import { beforeEach, describe, expect, it } from 'vitest'
import { ClockWatch } from '../../../collector/clocks/clock-watch.ts'
import { SILENT } from '../../../protocol/kit/log.ts'

const DAY_MS = 86_400_000
const T0 = Date.UTC(2026, 2, 1, 12, 0, 0)

const ownAddresses = () =>
  Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))

describe('the collector’s clock', () => {
  let trueMs: number
  /** collector's clock minus true time */
  let offMs: number
  let synchronised: boolean | undefined
  let watch: ClockWatch
  /** whether an agent runs on the collector's computer; undefined: it does not say */
  let whereIs: (agentId: string) => boolean | undefined
  const create = (newestMs?: number) => {
    watch = new ClockWatch({
      clock: { now: () => ({ wallMs: trueMs + offMs, steadyMs: trueMs - T0 + 5_000 }) },
      log: SILENT,
      isSynchronised: async () => synchronised,
    })
    watch.start(newestMs)
  }
  /** A few seconds in which these agents are heard; each clock is so far from true time. */
  const run = async (clocks: Record<string, number>, seconds = 3) => {
    for (let s = 0; s < seconds; s++) {
      trueMs += 1000
      for (const [agentId, ms] of Object.entries(clocks)) {
        watch.besideMe(agentId, whereIs(agentId))
        watch.heard(agentId, trueMs - 40 + ms)
      }
      watch.tick()
      await Promise.resolve()
    }
  }
  const trust = () => [watch.mayDelete, watch.maySettle]
  beforeEach(() => {
    trueMs = T0
    offMs = 0
    synchronised = undefined
    whereIs = () => false
    create(T0 - 60_000)
  })

  it('is trusted where it goes on from the newest record', () => {
    expect(trust()).toEqual([true, true])
    expect(watch.isConfirmed).toBe(false)
  })

  it('is not trusted where there is no record, until another clock agrees', async () => {
    create()
    expect(trust()).toEqual([false, false])
    await run({ a: 0 }, 1)
    expect(trust()).toEqual([true, true])
    create()
    synchronised = true
    await run({}, 2)
    expect([...trust(), watch.isConfirmed]).toEqual([true, true, true])
  })

  it('calls the clock of an agent wrong where most agree with this one, and never with two clocks alone', async () => {
    await run({ a: 3_600_000 })
    expect(watch.isWrongClock('a')).toBe(false)
    await run({ a: 3_600_000, b: 0, c: 0 })
    expect(['a', 'b', 'unheard'].map((agentId) => watch.isWrongClock(agentId))).toEqual([true, false, false])
    // this one is the wrong one now
    offMs = DAY_MS
    await run({ a: DAY_MS + 3_600_000, b: 0, c: 0 })
    expect(watch.isWrongClock('b')).toBe(false)
  })

  it('is confirmed by no agent or server on its own computer, but contradicted by one', async () => {
    create()
    whereIs = (agentId) => ({ a: true, b: false })[agentId]
    for (const host of ['127.0.0.1:8080', 'localhost', '[::1]:80', hostname(), ...ownAddresses()])
      watch.heardServer(host, trueMs, 10)
    await run({ a: 0, unknown: 0 })
    expect([...trust(), watch.isConfirmed]).toEqual([true, true, false])
    await run({ a: 0, b: 0 })
    expect(watch.isConfirmed).toBe(true)
    // set: what agreed before must agree again
    offMs = DAY_MS
    expect(watch.isConfirmed).toBe(false)
  })

  it('is confirmed after it was set by no news of NTP from before', async () => {
    whereIs = () => true
    synchronised = true
    watch.keptByNtp('a', true)
    await run({ a: 0 })
    expect(watch.isConfirmed).toBe(true)
    // a person sets it: the kernel tells it when it is asked again, and the agent's status may still be on its way
    offMs = DAY_MS
    await run({ a: DAY_MS }, 1)
    synchronised = false
    watch.keptByNtp('a', true)
    await run({ a: DAY_MS }, 100)
    expect(watch.isConfirmed).toBe(false)
    synchronised = true
    await run({ a: DAY_MS }, 62)
    expect(watch.isConfirmed).toBe(true)
  })

  it('is confirmed no more where small steps add up to more than the tolerance', async () => {
    await run({ b: 0 })
    for (let step = 0; step < 3; step++) {
      offMs += 50_000
      await run({}, 1)
    }
    expect(watch.isConfirmed).toBe(false)
  })

  it('deletes and settles nothing at a start 500 days ahead, before and after agents contradict it', async () => {
    offMs = 500 * DAY_MS
    create(T0 - 60_000)
    expect(trust()).toEqual([false, false])
    await run({ a: 0, b: 0 })
    expect(trust()).toEqual([false, false])
    expect(watch.situation).toMatchObject({ collector: 'wrong', collectorAheadMs: 500 * DAY_MS + 40 })
    offMs = 0
    await run({ a: 0, b: 0 })
    expect(trust()).toEqual([true, true])
  })

  it('settles after two minutes without any other clock, and still deletes nothing', async () => {
    create(T0 - 40 * DAY_MS)
    await run({}, 119)
    expect(trust()).toEqual([false, false])
    await run({}, 3)
    expect(trust()).toEqual([false, true])
    await run({ a: 500 })
    expect(trust()).toEqual([true, true])
  })

  it('is not trusted in 1970, nor before the newest record', async () => {
    offMs = -T0
    create()
    await run({ a: -T0 })
    expect([...trust(), watch.inDoubt('a')]).toEqual([false, false, true])
    offMs = -DAY_MS
    create(T0)
    expect(trust()).toEqual([false, false])
  })

  it('is in doubt beside one agent that says another time, and neither is called wrong', async () => {
    await run({ a: DAY_MS })
    expect(watch.situation).toMatchObject({
      collector: 'undecided',
      agents: [{ agentId: 'a', verdict: 'undecided' }],
    })
    expect([...trust(), watch.inDoubt('a')]).toEqual([false, false, true])
  })

  it('is not confirmed by a clock that contradicts, however many programs of its own computer agree with it', async () => {
    create()
    whereIs = (agentId) => agentId !== 'elsewhere'
    await run({ own: 0, own2: 0, elsewhere: -31 * DAY_MS }, 10)
    expect(watch.situation).toMatchObject({ collector: 'undecided', clocks: 2 })
    expect([...trust(), watch.isConfirmed]).toEqual([false, false, false])
    // a right price server beside collector and own agent: two clocks too
    create()
    watch.heardServer('prices.example', trueMs - 31 * DAY_MS, 10)
    await run({ own: 0 }, 3)
    expect([watch.situation.collector, watch.isConfirmed]).toEqual(['undecided', false])
    // and a third that agrees with this one
    watch.heardServer('other.example', trueMs, 10)
    await run({ own: 0 }, 3)
    expect([watch.situation.collector, watch.isConfirmed]).toEqual(['right', true])
  })

  it('takes its kernel’s NTP, an agent’s, and a server’s date as a third', async () => {
    await run({ a: DAY_MS })
    synchronised = true
    await run({ a: DAY_MS }, 62)
    expect(watch.situation).toMatchObject({ collector: 'right', agents: [{ verdict: 'wrong' }] })
    expect(trust()).toEqual([true, true])
    watch.keptByNtp('a', true)
    await run({ a: DAY_MS })
    expect(watch.situation.collector).toBe('undecided')
    watch.heardServer('prices.example', trueMs + DAY_MS, 200)
    await run({ a: DAY_MS })
    expect(watch.situation).toMatchObject({ collector: 'wrong', agents: [] })
  })

  it('takes all ports of a host for one clock', async () => {
    create()
    whereIs = () => true
    for (const host of ['10.0.0.5:8080', '10.0.0.5:9090', '10.0.0.5'])
      watch.heardServer(host, trueMs - DAY_MS, 10)
    await run({ own: 0 }, 3)
    // one against one: neither is called wrong
    expect(watch.situation).toMatchObject({ collector: 'undecided', clocks: 2 })
    for (const host of ['[fd00::5]:80', '[fd00::5]:81']) watch.heardServer(host, trueMs, 10)
    await run({ own: 0 }, 3)
    expect(watch.situation).toMatchObject({ collector: 'right', clocks: 3 })
  })

  it('forgets agents that are silent', async () => {
    await run({ a: DAY_MS })
    await run({ b: 0 }, 62)
    expect(watch.situation).toMatchObject({ collector: 'right', clocks: 2 })
  })

  it('is not trusted from the moment on at which it is set, and again once another clock agrees', async () => {
    await run({ a: 0 })
    offMs = 500 * DAY_MS
    // asked before anything else has looked at the clock
    expect(watch.maySettle).toBe(false)
    offMs = 0
    expect(watch.mayDelete).toBe(true)
    await run({ a: 0 })
    expect(trust()).toEqual([true, true])
  })

  it('knows its own step: what the agents said stays right', async () => {
    await run({ a: 0, b: 0 })
    offMs = DAY_MS
    await run({}, 2)
    expect(watch.situation).toMatchObject({ collector: 'wrong', agreeing: 2 })
    offMs = 0
    await run({}, 2)
    expect(watch.situation.collector).toBe('right')
  })
})

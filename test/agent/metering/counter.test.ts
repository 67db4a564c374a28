import { describe, expect, it } from 'vitest'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import type { CounterState } from '../../../agent/metering/counter.ts'
import type { Counters, Reading } from '../../../agent/plugin/reading.ts'
import { POOL, reading, run, sum, T0 } from './accumulator-rig.ts'

const withoutTime = ([key, { last, strikes }]: [string, CounterState]): [string, CounterState] => [
  key,
  { last, strikes },
]

describe('a counter', () => {
  it('counts work from zero after a reboot, and never a negative', () => {
    const work = (workDiff1: number, uptimeS: number) =>
      reading({ uptimeS, holders: [{ owner: POOL, share: 1 }] }, { byOwner: [{ owner: POOL, workDiff1 }] })
    const records = run([
      { atS: 0, reading: work(1000, 500) },
      { atS: 5, reading: work(1200, 505) },
      { atS: 10, reading: work(40, 3) },
    ])
    expect(sum(records, 'workDiff1')).toBe(240)
  })

  it('ignores one odd reading of a machine that did not reboot', () => {
    const work = (workDiff1: number, uptimeS: number) =>
      reading({ uptimeS }, { byOwner: [{ owner: POOL, workDiff1 }] })
    const records = run([
      { atS: 0, reading: work(1_000_000, 500) },
      { atS: 5, reading: work(0, 505) },
      { atS: 10, reading: work(1_000_300, 510) },
    ])
    expect(sum(records, 'workDiff1')).toBe(300)
  })

  it('counts a reply of zeros from a machine without an uptime as a hiccup, and two as a new start', () => {
    const tokens = (tokensOut: number) =>
      reading({}, { byOwner: [{ owner: { service: 'chat' }, tokensOut }] })
    const values = [1000, 0, 1_000_300, 0, 40, 100]
    const records = run(values.map((v, i) => ({ atS: 5 * i, reading: tokens(v) })))
    expect(sum(records, 'tokensOut')).toBe(999_300 + 100)
  })

  it('takes an energy counter at zero for a meter that boots: power is integrated, and nothing counted twice', () => {
    const meter = (energyJ: number, powerW = 1_000): Reading => ({
      identity: { kind: 'meter' },
      sample: { state: 'ok', powerW, powerBasis: 'metered' },
      counters: { energyJ },
    })
    const read = (...energiesJ: number[]) =>
      sum(run(energiesJ.map((energyJ, i) => ({ atS: i * 10, reading: meter(energyJ) }))), 'energyMilliJ')
    expect(read(5e9, 5e9 + 10_000, 0, 0, 0, 5e9 + 50_000, 5e9 + 60_000)).toBe(60_000_000)
    // also where it boots while the agent starts
    expect(read(0, 0, 5e9, 5e9 + 10_000)).toBe(30_000_000)
  })

  it('loses what came before a wrap, and never invents', () => {
    const meter = (energyJ: number) => reading({}, { energyJ })
    const records = run(
      [2 ** 32 - 500, 2 ** 32 - 100, 300, 700].map((v, i) => ({ atS: 5 * i, reading: meter(v) })),
    )
    expect(sum(records, 'energyMilliJ')).toBe((400 + 700) * 1000)
  })

  it('does not count twice what it drew from power while the energy counter was silent', () => {
    const step = (atS: number, energyJ?: number) => ({
      atS,
      reading: reading({ powerW: 100 }, energyJ === undefined ? undefined : { energyJ }),
    })
    const records = run([step(0, 5000), step(5), step(10, 6010), step(15, 6500)])
    expect(sum(records, 'energyMilliJ')).toBe(1_500_000)
  })

  it('adds up a pool that is configured twice, and takes one that was unseen before as it is', () => {
    const step = (atS: number, works?: number[]) => ({
      atS,
      reading: reading({}, works && { byOwner: works.map((workDiff1) => ({ owner: POOL, workDiff1 })) }),
    })
    const records = run([
      step(0),
      step(5, [1_000_000, 0]),
      step(10, [1_000_100, 7]),
      step(15, [1_000_100, 9]),
    ])
    expect(sum(records, 'workDiff1')).toBe(109)
  })

  it('invents no past of what an older version of the agent did not count of an owner', () => {
    const owner = { service: 'chat' }
    const see = (a: DeviceAccumulator, atS: number, byOwner: NonNullable<Counters['byOwner']>) =>
      a.observe(reading({}, { byOwner }), { wallMs: T0 + atS * 1000, steadyMs: atS * 1000 })
    const before = new DeviceAccumulator('llm', 60_000)
    see(before, 0, [{ owner, tokensIn: 1000 }])
    const after = new DeviceAccumulator('llm', 60_000, JSON.parse(JSON.stringify(before.state)))
    see(after, 5, [{ owner, tokensIn: 1100, tokensInCached: 900 }])
    see(after, 10, [{ owner, tokensIn: 1150, tokensInCached: 930 }])
    const records = after.closeAll()
    expect(records.map((r) => [r.owner, r.tokensIn, r.tokensInCached])).toContainEqual([owner, 150, 30])
  })

  it('recovers what was counted since an older agent, which kept no time with its counters', () => {
    const works = (workDiff1: number) =>
      reading({ hashrateHs: 2e14, uptimeS: 90_000 }, { byOwner: [{ owner: POOL, workDiff1 }] })
    const before = new DeviceAccumulator('rig1', 15_000)
    before.observe(works(5e9), { wallMs: T0, steadyMs: 0 })
    const { last, counters, ...rest } = before.state
    const state = { ...rest, ...(last && { last }), counters: counters.map(withoutTime) }
    const after = new DeviceAccumulator('rig1', 15_000, state)
    // a day later
    after.observe(works(5e9 + 4e12), { wallMs: T0 + 86_400_000, steadyMs: 0 })
    expect(sum(after.closeAll(), 'workDiff1')).toBe(4e12)
  })

  it('counts nothing of another machine’s past: one put in its place, or an old value restored', () => {
    const identity = (hardwareId: string) => ({ kind: 'asic' as const, hardwareId })
    const works = (hardwareId: string, workDiff1: number, uptimeS: number): Reading => ({
      identity: identity(hardwareId),
      sample: { state: 'hashing', hashrateHs: 2e14, uptimeS },
      counters: { byOwner: [{ owner: POOL, workDiff1 }] },
    })
    const ten = (r: Reading, atS: number) => ({ atS, reading: r })
    // replaced by a machine that has mined for weeks, whose counter is higher or lower
    for (const past of [7e10, 3e8])
      expect(
        sum(
          run([
            ten(works('02:00:00:00:00:01', 5e9, 90_000), 0),
            ten(works('02:00:00:00:00:01', 5e9 + 400_000, 90_010), 10),
            ten(works('02:00:00:00:00:02', past, 4e6), 20),
            ten(works('02:00:00:00:00:02', past + 400_000, 4e6 + 10), 30),
          ]),
          'workDiff1',
        ),
      ).toBe(800_000)
    // the same machine by its name, with its counter’s value of days ago
    expect(
      sum(
        run([
          ten(works('02:00:00:00:00:01', 7.2e10, 300_000), 0),
          ten(works('02:00:00:00:00:01', 7.1e10, 260_000), 10),
          ten(works('02:00:00:00:00:01', 7.1e10 + 400_000, 260_010), 20),
        ]),
        'workDiff1',
      ),
    ).toBe(400_000)
  })

  it('takes a dial that goes back to another stand for another dial, not for what was drawn since', () => {
    const dial = (atS: number, kWh: number) => ({
      atS,
      reading: {
        identity: { kind: 'meter' as const },
        sample: { state: 'ok' as const, powerW: 3_600_000 },
        counters: { energyJ: kWh * 3.6e6 },
      },
    })
    const records = run([
      dial(0, 48_000),
      dial(10, 48_010),
      dial(20, 31_000),
      dial(30, 31_010),
      dial(40, 31_020),
    ])
    // 10 kWh each ten seconds; the ten seconds in which it was replaced are integrated from power
    expect(sum(records, 'energyMilliJ')).toBe(40 * 3.6e9)
  })

  it('counts for a PDU that started seconds ago no more than it can have counted since', () => {
    const outlet = (atS: number, uptimeS: number, wh: number) => ({
      atS,
      reading: {
        identity: { kind: 'meter' as const },
        sample: { state: 'ok' as const, powerW: 3_600, uptimeS },
        counters: { energyJ: wh * 3600 },
      },
    })
    const wh = (...steps: ReturnType<typeof outlet>[]) => sum(run(steps, 30), 'energyMilliJ') / 3.6e6
    // an old counter value was restored: 600 s of 3.6 kW that were not measured are left out, the rest counts
    expect(wh(outlet(0, 9000, 5_000), outlet(600, 5, 2_900), outlet(610, 15, 2_910))).toBe(10)
    // a counter that starts with the machine: all that it shows
    expect(wh(outlet(0, 9000, 5_000), outlet(600, 300, 300), outlet(610, 310, 310))).toBe(310)
  })

  it('counts what a restarted meter shows, also where it reports no power', () => {
    const dial = (atS: number, uptimeS: number, joules: number) => ({
      atS,
      reading: {
        identity: { kind: 'meter' as const },
        sample: { state: 'ok' as const, uptimeS },
        counters: { energyJ: joules },
      },
    })
    expect(sum(run([dial(0, 900, 5_000), dial(10, 6, 400), dial(20, 16, 700)]), 'energyMilliJ')).toBe(700_000)
  })

  it('counts no token from before a server’s restart twice, and every token after it', () => {
    const served = (atS: number, tokensOut: number) => ({
      atS,
      reading: reading({ tokensOutPerS: 5_000 }, { byOwner: [{ owner: { service: 'chat' }, tokensOut }] }),
    })
    const tokens = (...steps: ReturnType<typeof served>[]) => sum(run(steps), 'tokensOut')
    // restarted, and 60,000 tokens later
    expect(tokens(served(0, 6e8), served(10, 6e8 + 50_000), served(20, 10_000), served(30, 60_000))).toBe(
      110_000,
    )
    // restored to its value of days ago
    expect(tokens(served(0, 6e8), served(10, 5e8), served(20, 5e8 + 50_000), served(30, 5e8 + 100_000))).toBe(
      50_000,
    )
  })

  it('ignores a jump of a machine’s counter that is more than it can have done, and goes on from there', () => {
    const at = (atS: number, workDiff1: number) => ({
      atS,
      reading: reading({ hashrateHs: 2e14, uptimeS: 1000 + atS }, { byOwner: [{ owner: POOL, workDiff1 }] }),
    })
    expect(sum(run([at(0, 1e6), at(10, 9e12), at(20, 1.8e6)]), 'workDiff1')).toBe(800_000)
    expect(sum(run([at(0, 1e6), at(10, 9e12), at(20, 9e12 + 1), at(30, 9e12 + 400_001)]), 'workDiff1')).toBe(
      400_000,
    )
  })
})

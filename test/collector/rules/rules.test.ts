import { describe, expect, test } from 'vitest'
import type { Situation } from '../../../collector/plugin/situation.ts'
import { agent, gpu, miner, rulesWith, situation } from '../alerts/situations.ts'

/** The verdict of one rule on the only subject in a situation. */
function judge(rule: string, more: Partial<Situation>, settings: object = {}) {
  const active = rulesWith({ [rule]: settings }).find((r) => r.name === rule)
  return active?.judge(situation(0, more))
}
const verdict = (rule: string, more: Partial<Situation>, settings: object = {}) =>
  judge(rule, more, settings)?.[0]?.verdict

describe('agent-silent', () => {
  test('an agent is silent after 15 s, and one with slow polls after three of them', () => {
    const of = (silentS: number, pollS: number) =>
      verdict('agent-silent', { agents: [agent({ silentS, pollS })] })
    expect(of(15, 1)).toBe('good')
    expect(of(16, 1)).toBe('bad')
    expect(of(90, 30)).toBe('good')
    expect(of(91, 30)).toBe('bad')
  })

  test('its loss is what its devices earned when last heard', () => {
    expect(judge('agent-silent', { agents: [agent({ silentS: 60 })] })).toMatchObject([
      { subject: { agentId: 'edge-1' }, lossUsdPerHour: 12 },
    ])
  })

  test('whose records come loses nothing, and no alert claims that nobody reads its machines', () => {
    const told = (more: Parameters<typeof agent>[0]) =>
      judge('agent-silent', { agents: [agent({ silentS: 60, ...more })] })?.[0]
    expect(told({ recordsAgoS: 40 })).toMatchObject({
      verdict: 'bad',
      summary: expect.stringContaining('its records do'),
    })
    expect(told({ recordsAgoS: 40 })).not.toHaveProperty('lossUsdPerHour')
    // the broker went away: live messages and records ended together
    for (const recordsAgoS of [57, 62, 99])
      expect(told({ recordsAgoS })).toMatchObject({
        lossUsdPerHour: 12,
        summary: expect.stringContaining('no message of it comes'),
      })
    expect(told({ offline: true })?.summary).toContain('agent edge-1 is offline')
    for (const more of [{}, { offline: true }, { recordsAgoS: 40 }, { recordsAgoS: 400 }])
      expect(told(more)?.summary).not.toContain('nobody reads')
  })

  test('an agent that was never heard is unknown, which is an alarm after three of its polls more', () => {
    const { silentS: _, ...unheard } = agent({ pollS: 30 })
    const rule = rulesWith().find((r) => r.name === 'agent-silent')
    expect(rule?.noData).toBe('alarm')
    expect(rule?.judge(situation(0, { agents: [unheard] }))).toMatchObject([
      { verdict: 'unknown', graceMs: 90_000 },
    ])
  })
})

describe('not-hashing', () => {
  test.each([
    ['idle', 'bad'],
    ['unreachable', 'bad'],
    ['faulty', 'bad'],
    ['hashing', 'good'],
    ['sleeping', 'good'],
    ['starting', 'between'],
  ] as const)('a miner that is %s is %s', (state, expected) => {
    expect(verdict('not-hashing', { devices: [miner({ state })] })).toBe(expected)
  })

  test.each([
    [0, 'bad'],
    [9.9e12, 'bad'],
    [10e12, 'between'],
    [19.9e12, 'between'],
    [20e12, 'good'],
  ])('%d H/s of 200 TH/s expected is %s', (hashrateHs, expected) => {
    expect(verdict('not-hashing', { devices: [miner({ hashrateHs })] })).toBe(expected)
  })

  test('a miner that answers and does not tell how it does is told with what is refused', () => {
    const { hashrateHs: _, ...mute } = miner({ state: 'unknown', faults: ['/api/system/info answers 404'] })
    expect(judge('not-hashing', { devices: [mute] })).toMatchObject([
      { verdict: 'bad', summary: 'miner-01 does not tell how it does: /api/system/info answers 404' },
    ])
  })

  test('a miner without hashrate and state is unknown', () => {
    const { hashrateHs: _, ...mute } = miner({ state: 'unknown' })
    expect(verdict('not-hashing', { devices: [mute] })).toBe('unknown')
  })

  test('the loss is what it could earn less what it earns, and the summary names the machine and its fault', () => {
    const devices = [miner({ state: 'faulty', earnsUsdPerH: 0.1, faults: ['fan 2 lost'] })]
    const [finding] = judge('not-hashing', { devices }) ?? []
    expect(finding?.lossUsdPerHour).toBeCloseTo(0.3)
    expect(finding?.summary).toBe('miner-01 is faulty: fan 2 lost')
  })

  test('a GPU is not expected to hash', () => {
    expect(judge('not-hashing', { devices: [gpu({ state: 'idle' })] })).toEqual([])
  })
})

describe('pool-unknown', () => {
  test('a miner that does not tell its pool is told, and one that does is well', () => {
    expect(judge('pool-unknown', { devices: [miner({ poolUnknown: true })] })).toMatchObject([
      {
        verdict: 'bad',
        summary: expect.stringContaining('miner-01 hashes for a pool that it does not tell'),
      },
    ])
    expect(verdict('pool-unknown', { devices: [miner()] })).toBe('good')
  })
})

describe('not-working', () => {
  const fault = 'gpu3 (GPU-1): the GPU has fallen off the bus (NVML 15)'
  test.each([
    ['busy', 'good'],
    ['idle', 'good'],
    ['unknown', 'unknown'],
    ['unreachable', 'bad'],
    ['faulty', 'bad'],
  ] as const)('a GPU that is %s is %s', (state, expected) => {
    expect(verdict('not-working', { devices: [gpu({ state })] })).toBe(expected)
  })

  test('a lost GPU is told with its reason, and a miner is the other rule’s', () => {
    const lost = gpu({ deviceId: 'gpu-01/gpu3', state: 'faulty', faults: [fault], couldEarnUsdPerH: 2 })
    expect(judge('not-working', { devices: [lost, miner({ state: 'faulty' })] })).toMatchObject([
      { verdict: 'bad', summary: `gpu-01/gpu3 is faulty: ${fault}`, lossUsdPerHour: 2 },
    ])
  })

  test('a meter that does not answer is told too', () => {
    const meter = gpu({ deviceId: 'pdu-1/inlet', kind: 'meter', state: 'unreachable' })
    expect(judge('not-working', { devices: [meter] })).toMatchObject([
      { verdict: 'bad', summary: 'pdu-1/inlet does not answer' },
    ])
  })
})

describe('hashboard-lost', () => {
  test('a lost board costs its part of what the miner could earn', () => {
    const [finding] = judge('hashboard-lost', { devices: [miner({ boardsWorking: 2 })] }) ?? []
    expect(finding).toMatchObject({ verdict: 'bad', summary: 'miner-01 lost 1 of 3 hashboards' })
    expect(finding?.lossUsdPerHour).toBeCloseTo(0.4 / 3)
  })

  test('the boards of a sleeping miner say nothing', () => {
    const devices = [miner({ state: 'sleeping', boardsWorking: 0 })]
    expect(verdict('hashboard-lost', { devices })).toBe('between')
  })

  test('without a count of boards nothing is known', () => {
    const { boardsWorking: _, ...uncounted } = miner()
    expect(verdict('hashboard-lost', { devices: [uncounted] })).toBe('unknown')
  })
})

describe('hot', () => {
  test.each([
    [89.9, 'good'],
    [90, 'between'],
    [94.9, 'between'],
    [95, 'bad'],
  ])('a miner at %d °C is %s', (tempC, expected) => {
    expect(verdict('hot', { devices: [miner({ tempC })] })).toBe(expected)
  })

  test.each([
    [82.9, 'good'],
    [83, 'between'],
    [88, 'bad'],
  ])('a GPU at %d °C is %s', (tempC, expected) => {
    expect(verdict('hot', { devices: [gpu({ tempC })] })).toBe(expected)
  })

  test('thresholds come from the configuration', () => {
    expect(verdict('hot', { devices: [miner({ tempC: 81 })] }, { raise: 80, clear: 75 })).toBe('bad')
  })

  test('an unknown loss is absent', () => {
    const [finding] = judge('hot', { devices: [gpu({ tempC: 91 })] }) ?? []
    expect(finding?.verdict).toBe('bad')
    expect(finding).not.toHaveProperty('lossUsdPerHour')
  })
})

describe('margin-below-zero', () => {
  const workload = (name: string, netUsdPerH: number, powerW = 1000) => ({
    workloads: [{ workload: name, netUsdPerH, revenueUsdPerH: 1, powerW }],
  })

  test('a workload that costs more than it earns loses the difference', () => {
    expect(judge('margin-below-zero', workload('pool-a', -3.5))).toMatchObject([
      { subject: { workload: 'pool-a' }, verdict: 'bad', lossUsdPerHour: 3.5 },
    ])
  })

  test('it is well again only above a small profit', () => {
    expect(verdict('margin-below-zero', workload('pool-a', 0.005))).toBe('between')
    expect(verdict('margin-below-zero', workload('pool-a', 0.02))).toBe('good')
  })

  test.each(['idle', 'unassigned', 'overhead', 'unaccounted'])('%s is not meant to earn', (name) => {
    expect(judge('margin-below-zero', workload(name, -3.5))).toEqual([])
  })

  test('a workload that draws nothing and earns nothing is well', () => {
    expect(verdict('margin-below-zero', workload('pool-a', 0, 0))).toBe('good')
  })

  test('a profit without the figures of a silent agent proves nothing', () => {
    const agents = [agent({ silentS: 300 })]
    expect(verdict('margin-below-zero', { ...workload('pool-a', 5), agents })).toBe('unknown')
    expect(judge('margin-below-zero', { ...workload('pool-a', -5), agents })).toMatchObject([
      {
        verdict: 'bad',
        summary: `pool-a earns 5.00 USD/h less than its energy costs; without agent ${agents[0]?.agentId}, which is silent`,
      },
    ])
  })

  test('no agent that is silent for half an hour, or since the start, holds it for ever', () => {
    const { silentS: _, ...unheard } = agent({})
    for (const [silent, expected] of [
      [{ silentS: 1799 }, 'unknown'],
      [{ silentS: 1800 }, 'good'],
    ] as const)
      expect(verdict('margin-below-zero', { ...workload('pool-a', 5), agents: [agent(silent)] })).toBe(
        expected,
      )
    for (const [unheardS, expected] of [
      [60, 'unknown'],
      [1800, 'good'],
    ] as const)
      expect(
        verdict('margin-below-zero', { ...workload('pool-a', 5), agents: [{ ...unheard, unheardS }] }),
      ).toBe(expected)
  })
})

describe('site-power-over-limit', () => {
  test.each([
    [1_000_001, 'bad'],
    [1_000_000, 'between'],
    [980_000, 'between'],
    [979_999, 'good'],
  ])('%d W under a limit of 1 MW is %s', (powerW, expected) => {
    expect(verdict('site-power-over-limit', { site: { powerW, powerLimitW: 1e6 } })).toBe(expected)
  })

  test.each<[string, 'good' | 'unknown', object, object]>([
    ['an agent is silent, and the site meter is heard', 'good', { silentS: 900 }, { metered: true }],
    ['an agent is silent that may draw more, without a site meter', 'unknown', { silentS: 900 }, {}],
    ['an agent is silent for half an hour, and what is heard is below it', 'good', { silentS: 1800 }, {}],
    ['the silent one’s machines belong to another now', 'good', { silentS: 900, replaced: true }, {}],
  ])('ends where %s: %s', (_, expected, of, site) => {
    const situation = { site: { powerW: 5e5, powerLimitW: 1e6, ...site }, agents: [agent(of)] }
    expect(verdict('site-power-over-limit', situation)).toBe(expected)
  })

  test('a site without a limit has no such alert, and one without a power figure is unknown', () => {
    expect(judge('site-power-over-limit', { site: { powerW: 1e9 } })).toEqual([])
    expect(verdict('site-power-over-limit', { site: { powerLimitW: 1e6 } })).toBe('unknown')
  })
})

test.each(['not-hashing', 'hashboard-lost', 'hot'])('%s judges no device with old figures', (rule) => {
  const broken = { state: 'idle', boardsWorking: 0, tempC: 120 } as const
  expect(verdict(rule, { devices: [miner(broken)] })).toBe('bad')
  expect(verdict(rule, { devices: [miner({ ...broken, stale: true })] })).toBe('unknown')
  expect(verdict(rule, { devices: [miner(broken)], agents: [agent({ silentS: 60 })] })).toBe('unknown')
})

describe('clock-skew', () => {
  test.each([
    [0, 'good'],
    [-1000, 'good'],
    [1001, 'between'],
    [2000, 'between'],
    [2001, 'bad'],
    [-3_600_000, 'bad'],
  ])('an offset of %d ms is %s', (clockOffsetMs, expected) => {
    expect(verdict('clock-skew', { agents: [agent({ clockOffsetMs })] })).toBe(expected)
  })

  test('it says which way the clock is wrong', () => {
    const summaries = [2500, -3_600_000].map(
      (clockOffsetMs) => judge('clock-skew', { agents: [agent({ clockOffsetMs })] })?.[0]?.summary,
    )
    expect(summaries).toEqual([
      'the clock of agent edge-1 is 2.5 s behind; check its NTP',
      'the clock of agent edge-1 is 3600.0 s ahead; check its NTP',
    ])
  })

  const nowMs = Date.UTC(2026, 2, 1, 12, 0, 0)
  const clocks = { nowMs, collector: 'right', agents: [], thirds: [], agreeing: 3, clocks: 3 } as const
  const DAY_MS = 86_400_000

  test('an offset that all agents share is the collector’s own, by how much and what to do, and no agent’s', () => {
    const found = judge('clock-skew', {
      agents: [agent({ clockOffsetMs: -DAY_MS })],
      clocks: {
        ...clocks,
        collector: 'wrong',
        collectorAheadMs: -DAY_MS - 7_200_000,
        agreeing: 3,
        clocks: 4,
      },
    })
    expect(found).toEqual([
      {
        subject: {},
        verdict: 'bad',
        summary:
          'the collector’s own clock is 1 d 2 h behind: 3 of 4 clocks agree with each other and not with it; check NTP on the collector’s computer (timedatectl). Until then agents keep their records, and nothing is settled or deleted by it',
      },
      // an alert from before the others came ends
      { subject: { agentId: 'edge-1' }, verdict: 'good' },
    ])
  })

  test('an agent’s clock that most others contradict is that agent’s', () => {
    const found = judge('clock-skew', {
      agents: [agent({ clockOffsetMs: -203_000 })],
      clocks: { ...clocks, agents: [{ agentId: 'edge-1', aheadMs: 203_000, verdict: 'wrong' }] },
    })
    expect(found?.[1]?.summary).toBe(
      'the clock of agent edge-1 is 3 min 23 s ahead; check its NTP. It keeps its records until then, and each gets its right minute',
    )
  })

  test('of two clocks neither is called wrong', () => {
    const found = judge('clock-skew', {
      agents: [agent()],
      clocks: {
        ...clocks,
        collector: 'undecided',
        clocks: 2,
        agents: [{ agentId: 'edge-1', aheadMs: -DAY_MS, verdict: 'undecided' }],
      },
    })
    expect(found?.map(({ verdict }) => verdict)).toEqual(['good', 'bad'])
    expect(found?.[1]?.summary).toBe(
      'the clock of agent edge-1 is 1 d behind compared with the collector’s (2026-02-28T12:00:00 and 2026-03-01T12:00:00), and no third clock says which of them is wrong; check NTP on both computers. The agent keeps its records until then, and each gets its right minute',
    )
  })

  test('a server alone that says another time than the collector is told', () => {
    const thirds = [{ third: 'prices.example', aheadMs: 3_600_000 }]
    const found = judge('clock-skew', { agents: [], clocks: { ...clocks, collector: 'undecided', thirds } })
    expect(found?.[0]?.summary).toContain(
      'the clock of prices.example is 1 h ahead compared with the collector’s',
    )
  })

  test('what was settled by a wrong clock and taken back is told, with what to do', () => {
    const fromMs = nowMs - 30 * DAY_MS
    const moved = { byMs: 30 * DAY_MS, fromMs, toMs: fromMs + 600_000, rulesFromMs: nowMs - 600_000 }
    const [found] = judge('clock-skew', { agents: [], clocks: { ...clocks, moved } }) ?? []
    expect(found).toEqual({
      subject: {},
      verdict: 'bad',
      summary:
        'the collector’s own clock was set, it was 30 d behind, before another clock had confirmed it: what was settled from 2026-01-30T12:00:00 to 2026-01-30T12:10:00 is taken back, and settled again where it counts; contracts and prices of the configuration hold from 2026-03-01T11:50:00. Look at /api/v1/audit, and at the ledger of this time; see that NTP sets the clock before the collector starts (time-sync.target)',
    })
  })

  test('an agent that has not measured it, or is silent, is unknown', () => {
    expect(verdict('clock-skew', { agents: [agent()] })).toBe('unknown')
    expect(verdict('clock-skew', { agents: [agent({ clockOffsetMs: 9000, silentS: 60 })] })).toBe('unknown')
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAlertEngine } from '../../../collector/alerts/engine.ts'
import type { Situation } from '../../../collector/plugin/situation.ts'
import { agent, miner, rulesWith, situation } from './situations.ts'

const HOT = { for: '60s', clearFor: '60s' }
const engineOf = (settings: Record<string, object> = { hot: HOT }) => {
  let next = 1
  return createAlertEngine({ rules: rulesWith(settings), newId: () => `id-${next++}` })
}
const at = (atS: number, tempC?: number, more: Partial<Situation> = {}) => {
  const { tempC: _, ...unknown } = miner()
  return situation(atS, { devices: [tempC === undefined ? unknown : miner({ tempC })], ...more })
}
/** Evaluates every 10 s in [fromS, toS]; returns `type id` of each event. */
const run = (
  engine: ReturnType<typeof engineOf>,
  fromS: number,
  toS: number,
  make: (atS: number) => Situation,
) => {
  const events: string[] = []
  for (let s = fromS; s <= toS; s += 10)
    events.push(...engine.evaluate(make(s)).map(({ type, alert }) => `${type} ${alert.id}`))
  return events
}

describe('the life of an alert', () => {
  test('it fires once, after `for`, and resolves once, after `clearFor`, under one id', () => {
    const engine = engineOf()
    expect(run(engine, 0, 50, (s) => at(s, 99))).toEqual([])
    expect(run(engine, 60, 300, (s) => at(s, 99))).toEqual(['firing id-1'])
    expect(run(engine, 310, 360, (s) => at(s, 70))).toEqual([])
    expect(run(engine, 370, 600, (s) => at(s, 70))).toEqual(['resolved id-1'])
    expect(engine.firing()).toEqual([])
  })

  test('the alert says since when, by which rule, of what and what it costs', () => {
    const engine = engineOf()
    run(engine, 0, 60, (s) =>
      situation(s, { devices: [miner({ tempC: 99, earnsUsdPerH: 0.1, rack: 'r1' })] }),
    )
    expect(engine.firing()).toMatchObject([
      {
        rule: 'hot',
        severity: 'warning',
        subject: { deviceId: 'miner-01', agentId: 'edge-1', rack: 'r1' },
        sinceMs: at(0).nowMs,
        summary: 'miner-01 is at 99 °C; from 95 °C on it is too hot',
      },
    ])
    expect(engine.firing()[0]?.lossUsdPerHour).toBeCloseTo(0.3)
  })

  test('the same situation a second time gives nothing', () => {
    const engine = engineOf({ hot: { for: '0s', clearFor: '0s' } })
    expect(engine.evaluate(at(0, 99))).toHaveLength(1)
    expect(engine.evaluate(at(0, 99))).toEqual([])
    expect(engine.evaluate(at(1, 70))).toHaveLength(1)
    expect(engine.evaluate(at(1, 70))).toEqual([])
  })

  test('trouble that stops before `for` is over begins from nothing the next time', () => {
    const engine = engineOf()
    expect(run(engine, 0, 50, (s) => at(s, 99))).toEqual([])
    engine.evaluate(at(60, 92))
    expect(run(engine, 70, 120, (s) => at(s, 99))).toEqual([])
    expect(run(engine, 130, 130, (s) => at(s, 99))).toEqual(['firing id-1'])
  })

  test('between the two thresholds nothing is resolved, and a short recovery is none', () => {
    const engine = engineOf()
    run(engine, 0, 60, (s) => at(s, 99))
    expect(run(engine, 70, 600, (s) => at(s, 92))).toEqual([])
    expect(run(engine, 610, 650, (s) => at(s, 70))).toEqual([])
    engine.evaluate(at(660, 99))
    expect(run(engine, 670, 720, (s) => at(s, 70))).toEqual([])
    expect(run(engine, 730, 730, (s) => at(s, 70))).toEqual(['resolved id-1'])
  })

  test('after it is resolved, the same trouble is a new alert with a new id', () => {
    const engine = engineOf()
    run(engine, 0, 60, (s) => at(s, 99))
    run(engine, 70, 130, (s) => at(s, 70))
    expect(run(engine, 140, 200, (s) => at(s, 99))).toEqual(['firing id-2'])
  })

  test('while it fires it keeps its start and shows the latest figures', () => {
    const engine = engineOf()
    run(engine, 0, 60, (s) => at(s, 99))
    engine.evaluate(at(70, 104))
    expect(engine.firing()).toMatchObject([
      { sinceMs: at(0).nowMs, summary: 'miner-01 is at 104 °C; from 95 °C on it is too hot' },
    ])
  })

  test('the dearest comes first', () => {
    const engine = engineOf({
      hot: { for: '0s' },
      'not-hashing': { for: '0s' },
      'agent-silent': { for: '0s' },
    })
    engine.evaluate(
      situation(0, {
        agents: [agent(), agent({ agentId: 'edge-2', silentS: 99, earnedUsdPerH: 50 })],
        devices: [
          miner({ deviceId: 'a', tempC: 99, earnsUsdPerH: 0.3 }),
          miner({ deviceId: 'b', state: 'unreachable', earnsUsdPerH: 0, couldEarnUsdPerH: 2 }),
        ],
      }),
    )
    expect(engine.firing().map(({ subject }) => subject.deviceId ?? subject.agentId)).toEqual([
      'edge-2',
      'b',
      'a',
    ])
  })
})

describe('missing data', () => {
  test('neither resolves an alert, however long, nor counts as recovery', () => {
    const engine = engineOf()
    run(engine, 0, 60, (s) => at(s, 99))
    expect(run(engine, 70, 10_000, (s) => at(s))).toEqual([])
    expect(engine.firing()).toHaveLength(1)
  })

  test('does not let a pending alert fire, and the time before it still counts', () => {
    const engine = engineOf()
    expect(run(engine, 0, 50, (s) => at(s, 99))).toEqual([])
    expect(run(engine, 60, 1000, (s) => at(s))).toEqual([])
    expect(run(engine, 1010, 1020, (s) => at(s, 99))).toEqual(['firing id-1'])
  })

  test('of a silent agent: its devices hold their verdict, and only the agent is a new alert', () => {
    const engine = engineOf({ hot: HOT, 'not-hashing': { for: '10s' }, 'agent-silent': { for: '30s' } })
    run(engine, 0, 60, (s) => at(s, 99))
    const silent = (s: number) =>
      situation(s, {
        agents: [agent({ silentS: s - 60 })],
        devices: [miner({ stale: true, state: 'unreachable', tempC: 20 })],
      })
    expect(run(engine, 80, 4000, silent)).toEqual(['firing id-2'])
    expect(engine.firing().map((a) => a.rule)).toEqual(['agent-silent', 'hot'])
  })

  test('is an alarm, or well, where the rule is told so', () => {
    const alarm = engineOf({ hot: { ...HOT, noData: 'alarm' } })
    expect(run(alarm, 0, 60, (s) => at(s))).toEqual(['firing id-1'])
    const ok = engineOf({ hot: { ...HOT, noData: 'ok' } })
    run(ok, 0, 60, (s) => at(s, 99))
    expect(run(ok, 70, 130, (s) => at(s))).toEqual(['resolved id-1'])
  })

  test('an agent that is never heard after a start fires when its grace is over', () => {
    const { silentS: _, ...unheard } = agent()
    const engine = engineOf({ 'agent-silent': { for: '30s' } })
    const never = (s: number) => situation(s, { agents: [unheard] })
    expect([run(engine, 0, 40, never), run(engine, 50, 500, never)]).toEqual([[], ['firing id-1']])
  })
})

describe('the clock', () => {
  test('stepping back neither fires nor resolves, and does not stop what comes after', () => {
    const engine = engineOf()
    run(engine, 10_000, 10_050, (s) => at(s, 99))
    expect(engine.evaluate(at(5_000, 99))).toEqual([])
    expect(run(engine, 5_010, 5_300, (s) => at(s, 99))).toEqual(['firing id-1'])
    expect(engine.evaluate(at(5_310, 70))).toEqual([])
    expect(engine.evaluate(at(0, 70))).toEqual([])
    expect(run(engine, 10, 300, (s) => at(s, 70))).toEqual(['resolved id-1'])
  })

  test('a leap forwards is not hours of trouble', () => {
    const engine = engineOf()
    engine.evaluate(at(0, 99))
    expect(engine.evaluate(at(86_400, 99))).toEqual([])
  })
})

describe('a subject that is gone', () => {
  const over = (fromS: number, toS: number, engine: ReturnType<typeof engineOf>, more: Partial<Situation>) =>
    run(engine, fromS, toS, (s) => situation(s, more))

  test('from the inventory of an agent that is heard: its alert is resolved', () => {
    const engine = engineOf()
    run(engine, 0, 60, (s) => at(s, 99))
    expect(over(70, 130, engine, { devices: [] })).toEqual(['resolved id-1'])
  })

  test('with its agent: its alert is resolved', () => {
    const engine = engineOf()
    run(engine, 0, 60, (s) => at(s, 99))
    expect(over(70, 130, engine, { agents: [] })).toEqual(['resolved id-1'])
  })

  test('a workload that ended: its alert is resolved, but not while an agent was never heard', () => {
    const engine = engineOf({
      'margin-below-zero': { for: '10s', clearFor: '10s' },
      'agent-silent': { enabled: false },
    })
    const workloads = [{ workload: 'pool-a', netUsdPerH: -1, revenueUsdPerH: 1, powerW: 10 }]
    expect(over(0, 10, engine, { workloads })).toEqual(['firing id-1'])
    const { silentS: _, ...unheard } = agent()
    expect(over(20, 500, engine, { agents: [unheard] })).toEqual([])
    expect(over(510, 530, engine, {})).toEqual(['resolved id-1'])
  })

  test('a workload that ended: one agent that is never heard holds its alert for half an hour and no longer', () => {
    const engine = engineOf({
      'margin-below-zero': { for: '10s', clearFor: '10s' },
      'agent-silent': { enabled: false },
    })
    const workloads = [{ workload: 'pool-a', netUsdPerH: -1, revenueUsdPerH: 1, powerW: 10 }]
    over(0, 10, engine, { workloads })
    const { silentS: _, ...unheard } = agent()
    expect(over(20, 60, engine, { agents: [{ ...unheard, unheardS: 1790 }] })).toEqual([])
    expect(over(70, 130, engine, { agents: [{ ...unheard, unheardS: 1800 }] })).toEqual(['resolved id-1'])
  })

  test('a device that another agent takes over keeps its alert', () => {
    const engine = engineOf()
    run(engine, 0, 60, (s) => at(s, 99))
    const moved = {
      agents: [agent({ agentId: 'edge-2' })],
      devices: [miner({ tempC: 99, agentId: 'edge-2' })],
    }
    expect(over(70, 300, engine, moved)).toEqual([])
    expect(engine.firing()).toMatchObject([{ id: 'id-1', subject: { agentId: 'edge-2' } }])
  })

  test('a device that two agents name is one subject, judged by the one that knows', () => {
    const engine = engineOf()
    const agents = [agent(), agent({ agentId: 'edge-2' })]
    const devices = [miner({ tempC: 99, stale: true }), miner({ tempC: 99, agentId: 'edge-2' })]
    expect(over(0, 300, engine, { agents, devices })).toEqual(['firing id-1'])
  })
})

describe('a restart', () => {
  const restarted = (settings?: Record<string, object>) => {
    const before = engineOf()
    run(before, 0, 60, (s) => at(s, 99))
    const after = engineOf(settings)
    after.restore(before.firing())
    return after
  }

  test('does not fire again what was firing, and resolves it under its old id', () => {
    const engine = restarted()
    expect(engine.firing()).toMatchObject([{ id: 'id-1' }])
    expect(run(engine, 70, 300, (s) => at(s, 99))).toEqual([])
    expect(run(engine, 310, 370, (s) => at(s, 70))).toEqual(['resolved id-1'])
  })

  test('resolves nothing while no agent has said anything yet', () => {
    const engine = restarted()
    expect(run(engine, 70, 4000, (s) => situation(s, { agents: [] }))).toEqual([])
    const { silentS: _, ...unheard } = agent()
    expect(run(engine, 4010, 4020, (s) => situation(s, { agents: [unheard] }))).toEqual([])
    expect(engine.firing().map((a) => a.id)).toContain('id-1')
  })

  test('keeps the loss of an agent that was silent before and is not heard after', () => {
    const rules = { 'agent-silent': { for: '0s' } }
    const before = engineOf(rules)
    before.evaluate(situation(0, { agents: [agent({ silentS: 99, earnedUsdPerH: 50 })] }))
    const after = engineOf(rules)
    after.restore(before.firing())
    const { silentS: _, ...unheard } = agent({ earnedUsdPerH: 0 })
    expect(after.evaluate(situation(10, { agents: [unheard] }))).toEqual([])
    expect(after.firing()).toMatchObject([{ id: 'id-1', lossUsdPerHour: 50 }])
  })

  test('with the rule switched off resolves what it had raised', () => {
    expect(run(restarted({ hot: { enabled: false } }), 70, 100, (s) => at(s, 99))).toEqual(['resolved id-1'])
  })
})

test('whatever happens, an id fires once, then resolves at most once', () => {
  const step = fc.record({
    waitS: fc.integer({ min: -500, max: 500 }),
    tempC: fc.option(fc.constantFrom(60, 92, 99), { nil: undefined }),
    gone: fc.boolean(),
    restart: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let next = 0
      const rules = rulesWith({ hot: { for: '20s', clearFor: '20s' } })
      const make = () => createAlertEngine({ rules, newId: () => `${next++}` })
      let engine = make()
      const state = new Map<string, string>()
      let nowS = 100_000
      for (const { waitS, tempC, gone, restart } of steps) {
        nowS += waitS
        if (restart) {
          const fresh = make()
          fresh.restore(engine.firing())
          engine = fresh
        }
        for (const { type, alert } of engine.evaluate(gone ? situation(nowS) : at(nowS, tempC))) {
          expect(state.get(alert.id)).toBe(type === 'firing' ? undefined : 'firing')
          state.set(alert.id, type)
        }
        const firing = [...state.keys()].filter((id) => state.get(id) === 'firing')
        expect(engine.firing().map((a) => a.id)).toEqual(firing)
      }
    }),
  )
})

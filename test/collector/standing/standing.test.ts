import { beforeEach, describe, expect, it } from 'vitest'
import type { Pulse } from '../../../collector/plugin/pulse.ts'
import { type AgentNow, AgentPulses } from '../../../collector/standing/agent-pulses.ts'
import { judgeStanding } from '../../../collector/standing/judge.ts'
import { brokerPulses, pricePulses, settlingPulse } from '../../../collector/standing/other-pulses.ts'
import { StandingWatch } from '../../../collector/standing/standing-watch.ts'
import { storePulse } from '../../../collector/standing/store-pulse.ts'
import { StoreKeeper } from '../../../collector/store-keeping/store-keeper.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import type { StatusMessage } from '../../../protocol/status.ts'
import { MemoryStore } from '../memory-store.ts'

const T0 = Date.UTC(2026, 10, 1)
let steadyMs: number
let watch: StandingWatch
let agents: AgentPulses
beforeEach(() => {
  steadyMs = 0
  watch = new StandingWatch()
  agents = new AgentPulses('plains', () => steadyMs)
})

const judge = (pulses: readonly Pulse[]) => judgeStanding(watch.tick(pulses, steadyMs), T0 + steadyMs)
const status = (more: Partial<StatusMessage> = {}, records = 0): StatusMessage => ({
  v: 1,
  state: 'online',
  atMs: T0,
  version: 'test',
  simulated: false,
  pollS: 5,
  spool: { records, lost: 0 },
  ...more,
})
const agent = (more: Partial<AgentNow> = {}): AgentNow => ({
  agentId: 'edge',
  online: true,
  devices: 3,
  status: status(),
  mark: { epoch: 1, seq: 100 },
  ...more,
})

/** Ticks each second. @returns the second in which something stood still first; undefined: never */
function stoodAt(seconds: number, pulsesAt: (s: number) => readonly Pulse[]): number | undefined {
  for (let s = 0; s < seconds; s++) {
    steadyMs += 1000
    if (judge(pulsesAt(s)).standstills.length > 0) return s
  }
  return undefined
}
/** Ticks until something stands still, at most two minutes. */
function stood(pulsesAt: (s: number) => readonly Pulse[]) {
  const at = stoodAt(120, pulsesAt)
  expect(at).toBeDefined()
  return judge(pulsesAt(at as number)).standstills
}

describe('records of an agent', () => {
  it('move in a well site, at any phase of status, record and acknowledgement', () => {
    for (let phase = 0; phase < 60; phase += 7)
      for (let recordS = 0; recordS < 60; recordS += 11) {
        watch = new StandingWatch()
        let told = status()
        const at = stoodAt(400, (s) => {
          const minute = Math.floor((s - recordS) / 60)
          // a status may be told in the very second in which the minute's records wait
          if (s % 60 === phase) told = status({}, s % 60 === recordS ? 5 : 0)
          return agents.pulses([agent({ status: told, mark: { epoch: 1, seq: 100 + 5 * minute } })])
        })
        expect(at).toBeUndefined()
      }
  })

  it('that the broker drops are told within two minutes, with the smallest message that was tried', () => {
    const unanswered = status({ delivery: { unansweredS: 20, triedBytes: 612 } }, 5)
    const [standstill] = stood((s) => agents.pulses([agent({ status: s < 50 ? status({}, 5) : unanswered })]))
    expect(standstill).toMatchObject({ part: 'records', kind: 'dropped', who: ['edge'], count: 1 })
    expect(standstill?.cause).toContain('612 bytes')
    expect(standstill?.cure).toContain('perwatt/1/plains/edge/intervals')
  })

  it('that are stored while no acknowledgement arrives are told with the topic of the acknowledgements', () => {
    let seq = 100
    const unanswered = status({ delivery: { unansweredS: 20, triedBytes: 612 } }, 5)
    const [standstill] = stood((s) => {
      if (s % 10 === 0) agents.became('edge', { kind: s < 30 ? 'stored' : 'repeated' })
      if (s % 60 === 0) seq += 5
      return agents.pulses([agent({ status: s < 20 ? status() : unanswered, mark: { epoch: 1, seq } })])
    })
    expect(standstill).toMatchObject({ kind: 'acknowledgement' })
    expect(standstill?.cure).toContain('read perwatt/1/plains/edge/ack')
  })

  it('of many agents with one cause are one standstill', () => {
    const many = Array.from({ length: 30 }, (_, i) => `edge-${i}`)
    const [standstill, ...others] = stood(() =>
      agents.pulses(many.map((agentId) => agent({ agentId, status: status({}, 4) }))),
    )
    expect(others).toEqual([])
    expect(standstill).toMatchObject({ count: 30, waiting: 120 })
    expect(standstill?.who).toHaveLength(20)
  })

  it('are not missed where neither status nor records come, only live messages', () => {
    const [standstill] = stood(() => agents.pulses([agent({ status: undefined, mark: undefined })]))
    expect(standstill).toMatchObject({ kind: 'only-live' })
  })

  it('with numbers that the collector does not take are told with both epochs', () => {
    const [standstill] = stood((s) => {
      if (s % 10 === 0) agents.became('edge', { kind: 'earlier-epoch', sent: 5, known: 2 ** 53 - 1 })
      return agents.pulses([agent({ status: status({}, 5) })])
    })
    expect(standstill).toMatchObject({ kind: 'epoch' })
    expect(standstill?.cause).toContain('9007199254740991')
  })

  it('that wait for the clocks are told with what to correct, whoever holds them', () => {
    const [atAgent] = stood(() =>
      agents.pulses([agent({ status: status({ spool: { records: 5, lost: 0, held: 5 } }) })]),
    )
    expect(atAgent).toMatchObject({ kind: 'clock', cure: expect.stringContaining('NTP') })
    watch = new StandingWatch()
    const [here] = stood((s) => {
      if (s % 10 === 1) agents.became('edge', { kind: 'kept', reason: 'from the future' })
      return agents.pulses([agent({ status: status({}, 5) })])
    })
    expect(here).toMatchObject({ kind: 'kept', cause: 'agent edge: from the future' })
  })

  it.each([
    ['of an agent that has nothing to send', agent({ status: status() })],
    ['of an agent that has stopped', agent({ status: status({ state: 'offline' }, 9), online: false })],
    ['of an agent without devices', agent({ devices: 0, status: undefined })],
  ])('%s are not waited for', (_, now) => {
    let told = now.status
    const at = stoodAt(300, (s) => {
      if (s % 60 === 0 && told) told = { ...told }
      return agents.pulses([{ ...now, status: told }])
    })
    expect(at).toBeUndefined()
  })

  it('of an agent that was told to wait for its turn are not waited for', () => {
    expect(
      stoodAt(300, (s) => {
        if (s % 200 === 1) agents.became('edge', { kind: 'told-to-wait', pauseMs: 200_000 })
        return agents.pulses([agent({ status: status({}, 900) })])
      }),
    ).toBeUndefined()
  })
})

describe('the store', () => {
  const keeperOf = async (store: MemoryStore) => {
    const keeper = new StoreKeeper({
      store,
      nowMs: () => T0 + steadyMs,
      steadyMs: () => steadyMs,
      log: SILENT,
    })
    await keeper.open(async () => {})
    return keeper
  }
  const failing = async (store: StoreKeeper, seconds: number) => {
    for (let s = 0; s < seconds; s += 5) {
      steadyMs += 5000
      await store.store.appendAll([]).catch(() => undefined)
      judge([storePulse(store)])
    }
  }

  it('that refuses is told with its own words and what helps, and nothing else is told', async () => {
    const memory = new MemoryStore()
    const store = await keeperOf(memory)
    memory.appendAll = async () => {
      throw new Error('partial write: points beyond retention policy dropped=1')
    }
    await failing(store, 60)
    agents.pulses([agent()])
    agents.became('edge', { kind: 'failed', reason: 'beyond retention policy' })
    const pulses = [
      storePulse(store),
      ...agents.pulses([agent({ status: status({}, 7) })]).map((p) => ({ ...p, stillS: 200 })),
      { ...settlingPulse({ waiting: 4, settled: 0 }), stillS: 200 },
    ]
    const { standstills } = judge(pulses)
    expect(standstills).toMatchObject([{ part: 'store', waiting: 7 }])
    expect(standstills[0]?.cause).toContain('beyond retention policy')
    expect(standstills[0]?.cure).toContain('DURATION INF')
  })

  it('that does not open is told with its own words', async () => {
    const memory = new MemoryStore()
    memory.open = async () => {
      throw new Error('connect ECONNREFUSED 127.0.0.1:8086')
    }
    const store = await keeperOf(memory)
    const [standstill] = stood(() => [storePulse(store)])
    expect(standstill).toMatchObject({ part: 'store', what: 'the store can’t be opened' })
    expect(standstill?.cure).toContain('start the database')
    await store.stop()
  })

  it('is well again with the first write that succeeds', async () => {
    const memory = new MemoryStore()
    const store = await keeperOf(memory)
    const { appendAll } = memory
    memory.appendAll = async () => {
      throw new Error('ENOSPC: no space left on device')
    }
    await failing(store, 60)
    expect(judge([storePulse(store)]).standstills[0]?.cure).toContain('make room')
    memory.appendAll = appendAll
    await failing(store, 5)
    expect(judge([storePulse(store)]).standstills).toEqual([])
  })

  it('that does not answer is told though no write has failed', async () => {
    const memory = new MemoryStore()
    const store = await keeperOf(memory)
    memory.settle = () => new Promise(() => undefined)
    void store.store.settle([], [])
    const [standstill] = stood(() => [storePulse(store)])
    expect(standstill).toMatchObject({ part: 'store', what: 'settled minutes are not stored' })
  })
})

describe('the other parts', () => {
  it('settling that does not move while minutes wait is told, not one that has nothing to do', () => {
    expect(stoodAt(600, () => [settlingPulse({ waiting: 0, settled: 7 })])).toBeUndefined()
    let settled = 7
    // a backlog that moves slowly
    expect(
      stoodAt(600, (s) => [settlingPulse({ waiting: 500, settled: s % 50 === 0 ? ++settled : settled })]),
    ).toBeUndefined()
    const [standstill] = stood(() => [settlingPulse({ waiting: 3, settled, trouble: 'disk full' })])
    expect(standstill).toMatchObject({ part: 'settling', waiting: 3, cause: 'disk full' })
  })

  it('a broker that is not reached hides the silence of agents, which is its effect', () => {
    const standstills = stood((s) => [
      ...brokerPulses({ trouble: 'connect ECONNREFUSED', heard: 9, url: 'mqtt://b', agents: 2 }),
      ...agents.pulses([agent({ status: status({}, s) })]),
    ])
    expect(standstills.map(({ part }) => part)).toEqual(['broker'])
  })

  it('no message of any agent over a broker that is reached is told', () => {
    const [standstill] = stood(() =>
      brokerPulses({ trouble: undefined, heard: 9, url: 'mqtt://b', agents: 2 }),
    )
    expect(standstill).toMatchObject({ part: 'agents', what: 'no agent is heard' })
  })

  it('prices whose every feed fails are told, with the reason of the feed', () => {
    const price = { name: 'btcUsd', value: 1, unit: 'USD', source: 'mempool', prices: ['mining'] }
    expect(stoodAt(300, () => pricePulses([price]))).toBeUndefined()
    const [standstill] = stood(() => pricePulses([{ ...price, noFeed: true, failing: 'mempool: refused' }]))
    expect(standstill).toMatchObject({ part: 'prices', who: ['btcUsd'], cause: 'mempool: refused' })
  })
})

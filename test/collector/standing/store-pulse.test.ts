import { beforeEach, describe, expect, it } from 'vitest'
import type { Pulse } from '../../../collector/plugin/pulse.ts'
import { settlingPulse } from '../../../collector/standing/other-pulses.ts'
import { storePulse } from '../../../collector/standing/store-pulse.ts'
import { StoreKeeper } from '../../../collector/store-keeping/store-keeper.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { MemoryStore } from '../memory-store.ts'
import { agent, StandingRig, status, T0 } from './standing-rig.ts'

let rig: StandingRig
beforeEach(() => {
  rig = new StandingRig()
})

describe('the store', () => {
  const keeperOf = async (store: MemoryStore) => {
    const keeper = new StoreKeeper({
      store,
      nowMs: () => T0 + rig.steadyMs,
      steadyMs: () => rig.steadyMs,
      log: SILENT,
    })
    await keeper.open(async () => {})
    return keeper
  }
  const failing = async (store: StoreKeeper, seconds: number, others: () => readonly Pulse[] = () => []) => {
    for (let s = 0; s < seconds; s += 5) {
      rig.steadyMs += 5000
      await store.store.appendAll([]).catch(() => undefined)
      rig.judge([storePulse(store), ...others()])
    }
  }

  it('that refuses is told with its own words and what helps, and nothing else is told', async () => {
    const memory = new MemoryStore()
    const store = await keeperOf(memory)
    memory.appendAll = async () => {
      throw new Error('partial write: points beyond retention policy dropped=1')
    }
    const others = () => {
      rig.agents.became('edge', { kind: 'failed', reason: 'beyond retention policy' })
      return [
        ...rig.agents.pulses([agent({ status: status({}, 7) })]),
        settlingPulse({ waiting: 4, settled: 0 }),
      ]
    }
    await failing(store, 120, others)
    const { standstills } = rig.judge([storePulse(store), ...others()])
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
    const [standstill] = rig.stood(() => [storePulse(store)])
    expect(standstill).toMatchObject({ part: 'store', what: 'the store can’t be opened' })
    expect(standstill?.cure).toContain('start the database')
    await store.stop()
  })

  it.each([
    ['hangs', () => new Promise<void>(() => undefined), undefined],
    ['refuses', async () => Promise.reject(new Error('A 403 Forbidden error occurred')), '403 Forbidden'],
  ])(
    'that %s is the one cause of what waits behind it, headed by the gravest of what it does not do',
    async (_, fails, told) => {
      const memory = new MemoryStore()
      const store = await keeperOf(memory)
      memory.writeSamples = fails
      memory.appendAll = fails
      const found = new Set<string>()
      let now = status()
      for (let s = 0; s < 150; s++) {
        rig.steadyMs += 1000
        // the last batch before the store failed was stored; the next comes 50 s later
        if (s === 0) rig.agents.became('edge', { kind: 'stored' })
        if (s % 5 === 0) void store.store.writeSamples([]).catch(() => undefined)
        if (s >= 50 && s % 10 === 0) {
          rig.agents.arrived('edge')
          const stored = store.store.appendAll([]).catch(() => undefined)
          if (told) await stored.then(() => rig.agents.became('edge', { kind: 'failed', reason: told }))
        }
        if (s % 60 === 59)
          now = status(
            { delivery: { unansweredS: Math.max(0, s - 50), ...(told && { notStored: told }) } },
            4,
          )
        for (const { part, kind, what } of rig.judge([
          storePulse(store),
          ...rig.agents.pulses([agent({ status: now })]),
        ]).standstills)
          found.add(`${part} ${kind}: ${what}`)
        await Promise.resolve()
      }
      expect([...found]).toEqual([
        'store store: samples for charts are not stored',
        'store store: records are not stored',
      ])
    },
  )

  it('is well again with the first write that succeeds', async () => {
    const memory = new MemoryStore()
    const store = await keeperOf(memory)
    const { appendAll } = memory
    memory.appendAll = async () => {
      throw new Error('ENOSPC: no space left on device')
    }
    await failing(store, 60)
    expect(rig.judge([storePulse(store)]).standstills[0]?.cure).toContain('make room')
    memory.appendAll = appendAll
    await failing(store, 5)
    expect(rig.judge([storePulse(store)]).standstills).toEqual([])
  })

  it('that does not answer is told though no write has failed', async () => {
    const memory = new MemoryStore()
    const store = await keeperOf(memory)
    memory.settle = () => new Promise(() => undefined)
    void store.store.settle([], [])
    const [standstill] = rig.stood(() => [storePulse(store)])
    expect(standstill).toMatchObject({ part: 'store', what: 'settled minutes are not stored' })
  })
})

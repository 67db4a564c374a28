import { beforeEach, describe, expect, it } from 'vitest'
import { brokerPulses, pricePulses, settlingPulse } from '../../../collector/standing/other-pulses.ts'
import { StandingWatch } from '../../../collector/standing/standing-watch.ts'
import { agent, StandingRig, status } from './standing-rig.ts'

let rig: StandingRig
beforeEach(() => {
  rig = new StandingRig()
})

describe('records of an agent', () => {
  it('move in a well site, at any phase of status, record and acknowledgement', () => {
    for (let phase = 0; phase < 60; phase += 7)
      for (let recordS = 0; recordS < 60; recordS += 11) {
        rig.watch = new StandingWatch()
        let told = status()
        const at = rig.stoodAt(400, (s) => {
          const minute = Math.floor((s - recordS) / 60)
          // a status may be told in the very second in which the minute's records wait
          if (s % 60 === phase) told = status({}, s % 60 === recordS ? 5 : 0)
          return rig.agents.pulses([agent({ status: told, mark: { epoch: 1, seq: 100 + 5 * minute } })])
        })
        expect(at).toBeUndefined()
      }
  })

  it('that the broker drops are told within two minutes, with the smallest message that was tried', () => {
    const unanswered = status({ delivery: { unansweredS: 20, triedBytes: 612 } }, 5)
    const [standstill] = rig.stood((s) =>
      rig.agents.pulses([agent({ status: s < 50 ? status({}, 5) : unanswered })]),
    )
    expect(standstill).toMatchObject({ part: 'records', kind: 'dropped', who: ['edge'], count: 1 })
    expect(standstill?.cause).toContain('612 bytes')
    expect(standstill?.cure).toContain('perwatt/1/plains/edge/intervals')
  })

  it.each([
    { lateS: 25, kind: 'late', cause: 'its last acknowledgement took 25 s' },
    { lateS: 11, kind: 'dropped', cause: '612 bytes' },
  ])(
    'that are acknowledged after $lateS s are told as $kind after a minute without any',
    ({ lateS, kind, cause }) => {
      const unanswered = status({ delivery: { unansweredS: 60, triedBytes: 612, lateS } }, 5)
      const [standstill] = rig.stood(() => rig.agents.pulses([agent({ status: unanswered })]))
      expect(standstill).toMatchObject({ kind })
      expect(standstill?.cause).toContain(cause)
    },
  )

  it('that are stored while no acknowledgement arrives are told with the topic of the acknowledgements', () => {
    let seq = 100
    const unanswered = status({ delivery: { unansweredS: 20, triedBytes: 612 } }, 5)
    const [standstill] = rig.stood((s) => {
      if (s % 10 === 0) rig.agents.became('edge', { kind: s < 30 ? 'stored' : 'repeated' })
      if (s % 60 === 0) seq += 5
      return rig.agents.pulses([agent({ status: s < 20 ? status() : unanswered, mark: { epoch: 1, seq } })])
    })
    expect(standstill).toMatchObject({ kind: 'acknowledgement' })
    expect(standstill?.cure).toContain('read perwatt/1/plains/edge/ack')
  })

  it('that were stored before the silence began do not arrive: the broker drops them, and no acknowledgement', () => {
    const [standstill] = rig.stood((s) => {
      if (s === 1) rig.agents.became('edge', { kind: 'stored' })
      const unanswered = status({ delivery: { unansweredS: 50, triedBytes: 428 } }, 5)
      return rig.agents.pulses([agent({ status: s < 60 ? status({}, 0) : unanswered })])
    })
    expect(standstill).toMatchObject({ kind: 'dropped' })
  })

  it('that came and wait for the store are neither dropped nor unheard', () => {
    const [standstill] = rig.stood((s) => {
      if (s === 11) rig.agents.arrived('edge')
      const unanswered = status({ delivery: { unansweredS: 50, triedBytes: 428 } }, 5)
      return rig.agents.pulses([agent({ status: s < 60 ? status({}, 0) : unanswered })])
    })
    expect(standstill).toMatchObject({ kind: 'slow', what: 'records arrive and are not stored yet' })
  })

  it('that the agent was told are not stored are the store’s, whatever came since', () => {
    const delivery = { unansweredS: 30, triedBytes: 428, notStored: 'ENOSPC: no space left on device' }
    const [standstill] = rig.stood(() => rig.agents.pulses([agent({ status: status({ delivery }, 5) })]))
    expect(standstill).toMatchObject({ kind: 'store', cure: expect.stringContaining('make room') })
  })

  it('do not stand still because the collector itself stood still for a minute', () => {
    const pulses = (now: ReturnType<typeof status>, seq: number) =>
      rig.agents.pulses([agent({ status: now, mark: { epoch: 1, seq } })])
    let now = status()
    expect(rig.stoodAt(30, () => pulses(now, 100))).toBeUndefined()
    rig.steadyMs += 60_000
    // what the broker kept for it comes at once: the silence that the agent told, and its batch, which is answered
    now = status({ delivery: { unansweredS: 55, triedBytes: 428 } }, 1)
    expect(rig.stoodAt(1, () => pulses(now, 100))).toBeUndefined()
    rig.agents.became('edge', { kind: 'stored' })
    expect(rig.stoodAt(55, () => pulses(now, 101))).toBeUndefined()
  })

  it('of many agents with one cause are one standstill', () => {
    const many = Array.from({ length: 30 }, (_, i) => `edge-${i}`)
    const [standstill, ...others] = rig.stood(() =>
      rig.agents.pulses(many.map((agentId) => agent({ agentId, status: status({}, 4) }))),
    )
    expect(others).toEqual([])
    expect(standstill).toMatchObject({ count: 30, waiting: 120 })
    expect(standstill?.who).toHaveLength(20)
  })

  it('are not missed where neither status nor records come, only live messages', () => {
    const [standstill] = rig.stood(() => rig.agents.pulses([agent({ status: undefined, mark: undefined })]))
    expect(standstill).toMatchObject({ kind: 'only-live' })
  })

  it('with numbers that the collector does not take are told with both epochs', () => {
    const [standstill] = rig.stood((s) => {
      if (s % 10 === 0) rig.agents.became('edge', { kind: 'earlier-epoch', sent: 5, known: 2 ** 53 - 1 })
      return rig.agents.pulses([agent({ status: status({}, 5) })])
    })
    expect(standstill).toMatchObject({ kind: 'epoch' })
    expect(standstill?.cause).toContain('9007199254740991')
  })

  it('that wait for the clocks are told with what to correct, whoever holds them', () => {
    const [atAgent] = rig.stood(() =>
      rig.agents.pulses([agent({ status: status({ spool: { records: 5, lost: 0, held: 5 } }) })]),
    )
    expect(atAgent).toMatchObject({ kind: 'clock', cure: expect.stringContaining('NTP') })
    rig.watch = new StandingWatch()
    const [here] = rig.stood((s) => {
      if (s % 10 === 1) rig.agents.became('edge', { kind: 'kept', reason: 'from the future' })
      return rig.agents.pulses([agent({ status: status({}, 5) })])
    })
    expect(here).toMatchObject({ kind: 'kept', cause: 'agent edge: from the future' })
  })

  it('that wait for the clocks are not told as refused by the store, whatever an agent makes of that answer', () => {
    for (const delivery of [
      { unansweredS: 60, notStored: 'from the future' },
      { unansweredS: 60, held: 'from the future' },
    ]) {
      rig = new StandingRig()
      const [standstill] = rig.stood((s) => {
        // what comes behind a record that is left to its agent does not follow on anything
        if (s % 10 === 1) rig.agents.became('edge', { kind: 'kept', reason: 'from the future' })
        if (s % 10 === 2) rig.agents.became('edge', { kind: 'gap' })
        return rig.agents.pulses([agent({ status: status({ delivery }, 5) })])
      })
      expect(standstill).toMatchObject({ kind: 'kept', what: 'records arrive and are not taken yet' })
      expect(standstill?.cure).toContain('NTP')
    }
  })

  it.each([
    ['of an agent that has nothing to send', agent({ status: status() })],
    ['of an agent that has stopped', agent({ status: status({ state: 'offline' }, 9), online: false })],
    ['of an agent without devices', agent({ devices: 0, status: undefined })],
  ])('%s are not waited for', (_, now) => {
    let told = now.status
    const at = rig.stoodAt(300, (s) => {
      if (s % 60 === 0 && told) told = { ...told }
      return rig.agents.pulses([{ ...now, status: told }])
    })
    expect(at).toBeUndefined()
  })

  it('of an agent that was told to wait for its turn are not waited for', () => {
    expect(
      rig.stoodAt(300, (s) => {
        if (s % 200 === 1) rig.agents.became('edge', { kind: 'told-to-wait', pauseMs: 200_000 })
        return rig.agents.pulses([agent({ status: status({}, 900) })])
      }),
    ).toBeUndefined()
  })
})

describe('the other parts', () => {
  it('settling that does not move while minutes wait is told, not one that has nothing to do', () => {
    expect(rig.stoodAt(600, () => [settlingPulse({ waiting: 0, settled: 7 })])).toBeUndefined()
    let settled = 7
    // a backlog that moves slowly
    expect(
      rig.stoodAt(600, (s) => [settlingPulse({ waiting: 500, settled: s % 50 === 0 ? ++settled : settled })]),
    ).toBeUndefined()
    const [standstill] = rig.stood(() => [settlingPulse({ waiting: 3, settled, trouble: 'disk full' })])
    expect(standstill).toMatchObject({ part: 'settling', waiting: 3, cause: 'disk full' })
  })

  it('a broker that is not reached hides the silence of agents, which is its effect', () => {
    const standstills = rig.stood((s) => [
      ...brokerPulses({ trouble: 'connect ECONNREFUSED', heard: 9, url: 'mqtt://b', agents: 2 }),
      ...rig.agents.pulses([agent({ status: status({}, s) })]),
    ])
    expect(standstills.map(({ part }) => part)).toEqual(['broker'])
  })

  it('no message of any agent over a broker that is reached is told', () => {
    const [standstill] = rig.stood(() =>
      brokerPulses({ trouble: undefined, heard: 9, url: 'mqtt://b', agents: 2 }),
    )
    expect(standstill).toMatchObject({ part: 'agents', what: 'no agent is heard' })
  })

  it('prices whose every feed fails are told, with the reason of the feed', () => {
    const price = { name: 'btcUsd', value: 1, unit: 'USD', source: 'mempool', prices: ['mining'] }
    expect(rig.stoodAt(300, () => pricePulses([price]))).toBeUndefined()
    const [standstill] = rig.stood(() =>
      pricePulses([{ ...price, noFeed: true, failing: 'mempool: refused' }]),
    )
    expect(standstill).toMatchObject({ part: 'prices', who: ['btcUsd'], cause: 'mempool: refused' })
  })
})

import { beforeEach, describe, expect, it } from 'vitest'
import { brokerPulses } from '../../../collector/standing/other-pulses.ts'
import { type AgentHeard, silencePulses } from '../../../collector/standing/silence-pulses.ts'
import { agent, StandingRig, status, T0 } from './standing-rig.ts'

let rig: StandingRig
beforeEach(() => {
  rig = new StandingRig()
})

describe('one agent of several', () => {
  const heard = (more: Partial<AgentHeard> = {}): AgentHeard => ({
    agentId: 'edge',
    lastLiveMs: 1,
    heardAgoS: 300,
    hasDevices: true,
    isOffline: false,
    signMs: T0,
    pollS: 5,
    ...more,
  })
  /** a well agent, whose live messages come each second */
  const well = () => heard({ agentId: 'other', lastLiveMs: rig.steadyMs, heardAgoS: 1 })
  const broker = () => brokerPulses({ trouble: undefined, heard: rig.steadyMs, url: 'mqtt://b', agents: 2 })

  it('that is not heard while others are, is told with its name and what to do', () => {
    const [standstill, ...rest] = rig.stood(() => [
      ...broker(),
      ...silencePulses('plains', [heard(), well()], { nowMs: T0 + rig.steadyMs, limitS: 90 }),
      ...rig.agents.pulses([agent({ status: status({}, 9) })]),
    ])
    expect(rest).toEqual([])
    expect(standstill).toMatchObject({ part: 'agents', kind: 'silent', who: ['edge'], count: 1 })
    expect(standstill?.cure).toContain('perwatt/1/plains/edge/')
  })

  it('whose live messages alone are missing is told so, and its records are judged on their own', () => {
    let seq = 0
    const only = () => [
      ...broker(),
      ...silencePulses('plains', [heard({ heardAgoS: 30 }), well()], {
        nowMs: T0 + rig.steadyMs,
        limitS: 90,
      }),
      ...rig.agents.pulses([agent({ status: status({}, 9), mark: { epoch: 1, seq } })]),
    ]
    const found = rig.stood((s) => {
      if (s % 60 === 0) seq++
      return only()
    })
    expect(found).toMatchObject([{ part: 'agents', kind: 'no-live', who: ['edge'] }])
    expect(found[0]?.cure).toContain('perwatt/1/plains/edge/live')
    expect(rig.after(120, only).standstills.map(({ part }) => part)).toEqual(['agents', 'records'])
  })

  it('that hangs is called silent at once: its last record came when its last live message did', () => {
    const found = rig.stood((s) => {
      const hung = heard({ lastLiveMs: T0, heardAgoS: Math.max(0, s - 2) })
      return [...broker(), ...silencePulses('plains', [hung, well()], { nowMs: T0 + s * 1000, limitS: 60 })]
    })
    expect(found).toMatchObject([{ part: 'agents', kind: 'silent', who: ['edge'] }])
    expect(found[0]?.cause).toContain('it hangs')
  })

  it('hides no standstill of another', () => {
    const both = () => [
      ...broker(),
      ...silencePulses('plains', [heard(), well()], { nowMs: T0 + rig.steadyMs, limitS: 90 }),
      ...rig.agents.pulses([agent({ agentId: 'other', status: status({}, 9) })]),
    ]
    const { standstills, parts } = rig.after(140, both)
    expect(standstills.map(({ part, who }) => [part, who])).toEqual([
      ['agents', ['edge']],
      ['records', ['other']],
    ])
    expect(parts.find(({ part }) => part === 'agents')).toMatchObject({
      standsStill: true,
      count: 1,
      waiting: 2,
    })
  })

  it.each([
    ['that was stopped, or is offline', [heard({ isOffline: true })], true],
    ['that gave no sign for a day', [heard({ signMs: T0 - 86_400_000, heardAgoS: undefined })], true],
    ['that has no devices', [heard({ hasDevices: false })], true],
    ['that polls seldom', [heard({ pollS: 600 })], true],
    ['is not told beside the silence of all', [heard(), heard({ agentId: 'b' })], false],
  ])('%s holds up nothing', (_, silent, isOtherHeard) => {
    const at = () =>
      silencePulses('plains', [...silent, ...(isOtherHeard ? [well()] : [])], {
        nowMs: T0 + rig.steadyMs,
        limitS: 90,
      })
    expect(rig.stoodAt(400, () => [...broker(), ...at()])).toBeUndefined()
  })
})

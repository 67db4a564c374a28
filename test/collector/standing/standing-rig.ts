import { expect } from 'vitest'
import type { Pulse } from '../../../collector/plugin/pulse.ts'
import { type AgentNow, AgentPulses } from '../../../collector/standing/agent-pulses.ts'
import { judgeStanding } from '../../../collector/standing/judge.ts'
import { StandingWatch } from '../../../collector/standing/standing-watch.ts'
import type { StandingView, Standstill } from '../../../collector/views/standing.ts'
import type { StatusMessage } from '../../../protocol/status.ts'

export const T0 = Date.UTC(2026, 10, 1)

export const status = (more: Partial<StatusMessage> = {}, records = 0): StatusMessage => ({
  v: 1,
  state: 'online',
  atMs: T0,
  version: 'test',
  simulated: false,
  pollS: 5,
  spool: { records, lost: 0 },
  ...more,
})

export const agent = (more: Partial<AgentNow> = {}): AgentNow => ({
  agentId: 'edge',
  online: true,
  devices: 3,
  status: status(),
  mark: { epoch: 1, seq: 100 },
  ...more,
})

/** The judge of what stands still, and the agents of a site, by a clock that a test sets. */
export class StandingRig {
  steadyMs = 0
  watch = new StandingWatch()
  readonly agents = new AgentPulses('plains', () => this.steadyMs)

  judge(pulses: readonly Pulse[]): StandingView {
    return judgeStanding(this.watch.tick(pulses, this.steadyMs), T0 + this.steadyMs)
  }

  /** Ticks each second. @returns the second in which something stood still first; undefined: never */
  stoodAt(seconds: number, pulsesAt: (s: number) => readonly Pulse[]): number | undefined {
    for (let s = 0; s < seconds; s++) {
      this.steadyMs += 1000
      if (this.judge(pulsesAt(s)).standstills.length > 0) return s
    }
    return undefined
  }

  /** Ticks each second. @returns what stands still at the end */
  after(seconds: number, pulses: () => readonly Pulse[]): StandingView {
    let view = this.judge(pulses())
    for (let s = 0; s < seconds; s++) {
      this.steadyMs += 1000
      view = this.judge(pulses())
    }
    return view
  }

  /** Ticks until something stands still, at most two minutes. */
  stood(pulsesAt: (s: number) => readonly Pulse[]): Standstill[] {
    const at = this.stoodAt(120, pulsesAt)
    expect(at).toBeDefined()
    return this.judge(pulsesAt(at as number)).standstills
  }
}

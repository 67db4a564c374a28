import { z } from 'zod'
import { durationMs } from '../../protocol/kit/fields.ts'
import { differenceText } from '../judging/clock-text.ts'
import { isSilent } from '../judging/silence.ts'
import { defineRule, type Finding } from '../plugin/rule.ts'
import type { AgentSituation, ClockMoved, ClockSituation } from '../plugin/situation.ts'

const KEEPS = 'keeps its records until then, and each gets its right minute'

export default defineRule({
  name: 'clock-skew',
  summary:
    'a clock is wrong, an agent’s or the collector’s own; beyond two minutes records wait at their agent until the clocks agree; no loss is given',
  defaults: { severity: 'warning', for: '1m', clearFor: '1m' },
  settings: z
    .strictObject({
      raise: durationMs('1ms', '1h').prefault('2s').describe('fires when it is wrong by more than this'),
      clear: durationMs('0ms', '1h').prefault('1s').describe('well when it is wrong by no more than this'),
    })
    .refine(({ raise, clear }) => clear <= raise, { path: ['clear'], error: 'is above raise' }),
  judge: ({ agents, clocks }, { raise, clear }) => [
    ...(clocks ? [ownClock(clocks)] : []),
    ...agents.map(
      (agent): Finding =>
        (clocks && farOff(agent, clocks)) ?? {
          subject: { agentId: agent.agentId },
          ...nearby(agent, clocks, { raise, clear }),
        },
    ),
  ],
})

/** The collector's own clock. */
function ownClock({
  collector,
  collectorAheadMs = 0,
  agreeing,
  clocks,
  thirds,
  agents,
  moved,
}: ClockSituation): Finding {
  const subject = {}
  if (collector === 'wrong')
    return {
      subject,
      verdict: 'bad',
      summary: `the collector’s own clock is ${differenceText(collectorAheadMs)}: ${agreeing} of ${clocks} clocks agree with each other and not with it; check NTP on the collector’s computer (timedatectl). Until then agents keep their records, and nothing is settled or deleted by it`,
    }
  const [third] = thirds
  if (collector === 'undecided' && agents.length === 0 && third)
    return {
      subject,
      verdict: 'bad',
      summary: `the clock of ${third.third} is ${differenceText(third.aheadMs)} compared with the collector’s, and no third clock says which is right; check NTP on the collector’s computer. Until they agree nothing is settled or deleted by it`,
    }
  return moved ? { subject, verdict: 'bad', summary: movedText(moved) } : { subject, verdict: 'good' }
}

/** For a person who may have seen, or billed, what is gone now. */
function movedText({ byMs, isAhead, fromMs, toMs, rulesFromMs }: ClockMoved): string {
  const set = byMs === undefined ? 'was set' : `was set, it was ${differenceText(-byMs)}`
  const told = [
    ...(fromMs === undefined || toMs === undefined
      ? []
      : [
          `what was settled from ${iso(fromMs)} to ${iso(toMs)} is taken back, and settled again ${isAhead ? 'once it is over' : 'where it counts'}`,
        ]),
    ...(rulesFromMs === undefined
      ? []
      : [`contracts and prices of the configuration hold from ${iso(rulesFromMs)}`]),
  ]
  if (isAhead)
    return `the collector’s own clock was ahead and was set back: ${told.join('; ')}. Look at /api/v1/audit, and see which NTP server told the wrong time (timedatectl timesync-status, chronyc sources)`
  return `the collector’s own clock ${set}, before another clock had confirmed it: ${told.join('; ')}. Look at /api/v1/audit, and at the ledger of this time; see that NTP sets the clock before the collector starts (time-sync.target)`
}

const iso = (ms: number): string => new Date(Math.min(Math.max(ms, 0), 8.64e15)).toISOString().slice(0, 19)

/** An agent whose clock is beyond the tolerance. */
function farOff(agent: AgentSituation, { agents, nowMs, clocks }: ClockSituation): Finding | undefined {
  const { agentId } = agent
  const found = agents.find((clock) => clock.agentId === agentId)
  if (!found) return undefined
  const { aheadMs, verdict } = found
  const subject = { agentId }
  if (verdict === 'wrong')
    return {
      subject,
      verdict: 'bad',
      summary: `the clock of agent ${agentId} is ${differenceText(aheadMs)}; check its NTP. It ${KEEPS}`,
    }
  return {
    subject,
    verdict: 'bad',
    summary: `the clock of agent ${agentId} is ${differenceText(aheadMs)} compared with the collector’s (${iso(nowMs + aheadMs)} and ${iso(nowMs)}), and ${clocks < 3 ? 'no third clock says' : 'the other clocks don’t say'} which of them is wrong; check NTP on both computers. The agent ${KEEPS}`,
  }
}

/** An agent whose clock is within the tolerance, or was measured by itself. */
function nearby(
  agent: AgentSituation,
  clocks: ClockSituation | undefined,
  { raise, clear }: { raise: number; clear: number },
): Omit<Finding, 'subject'> {
  const { agentId, clockOffsetMs } = agent
  // the offset of a silent agent is old: its clock may have been corrected since
  if (isSilent(agent)) return { verdict: 'unknown' }
  // the offset is from a wrong clock, and this agent's agrees with most others: an alert from before they came ends
  if (clocks?.collector === 'wrong') return { verdict: 'good' }
  if (clockOffsetMs === undefined) return { verdict: 'unknown' }
  const skewMs = Math.abs(clockOffsetMs)
  if (skewMs <= raise) return { verdict: skewMs <= clear ? 'good' : 'between' }
  const side = clockOffsetMs > 0 ? 'behind' : 'ahead'
  const summary = `the clock of agent ${agentId} is ${(skewMs / 1000).toFixed(1)} s ${side}; check its NTP`
  return { verdict: 'bad', summary }
}

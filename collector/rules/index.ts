import { z } from 'zod'
import { DurationMsSchema } from '../../protocol/kit/fields.ts'
import { UNPAID } from '../economics/unpaid.ts'
import { commonSettings, defineRule, type Finding, type Rule } from '../plugin/rule.ts'
import { anySilent, isSilent, silenceS } from '../plugin/silence.ts'
import type { DeviceSituation, Situation } from '../plugin/situation.ts'
import { metersDisagree } from './meters-disagree.ts'
import { poolDifference } from './pool-difference.ts'
import { staleQuote } from './stale-quote.ts'

const unpaid: ReadonlySet<string> = new Set(Object.values(UNPAID))

const missedUsdPerH = ({ couldEarnUsdPerH, earnsUsdPerH }: DeviceSituation): number | undefined =>
  couldEarnUsdPerH === undefined ? undefined : Math.max(0, couldEarnUsdPerH - (earnsUsdPerH ?? 0))

/** One finding a device; a device whose figures are old, or whose agent is silent, is unknown. */
function judgeDevices(
  { agents, devices }: Situation,
  kinds: readonly DeviceSituation['kind'][],
  judge: (device: DeviceSituation) => Omit<Finding, 'subject'>,
): Finding[] {
  const silent = new Set(agents.filter(isSilent).map((agent) => agent.agentId))
  return devices
    .filter((device) => kinds.includes(device.kind))
    .map((device) => {
      const { deviceId, agentId, container, rack } = device
      const subject = { agentId, deviceId, ...(container && { container }), ...(rack && { rack }) }
      if (device.stale || silent.has(agentId)) return { subject, verdict: 'unknown' }
      return { subject, ...judge(device) }
    })
}

/** `good` only where everything is heard: what a silent agent would have said may be the trouble. */
const provenGood = (situation: Situation): Finding['verdict'] => (anySilent(situation) ? 'unknown' : 'good')

const agentSilent = defineRule({
  name: 'agent-silent',
  about: 'an agent sends no live messages; the loss is what its devices earned when last heard',
  settings: z.strictObject({
    ...commonSettings({ severity: 'critical', for: '30s', clearFor: '30s', noData: 'alarm' }),
    after: DurationMsSchema.prefault('15s').describe('silence that counts, and never less than 3 polls'),
  }),
  judge: ({ agents }, { after }) =>
    agents.map((agent) => {
      const { agentId, silentS, earnedUsdPerH } = agent
      const subject = { agentId }
      const limitS = silenceS(agent, after)
      if (silentS === undefined)
        return {
          subject,
          verdict: 'unknown',
          summary: `agent ${agentId} has not been heard since the collector started`,
          // 0 here is what a collector knows that has just started
          ...(earnedUsdPerH > 0 && { lossUsdPerHour: earnedUsdPerH }),
          // it may have just missed its turn when the collector started
          graceMs: limitS * 1000,
        }
      if (silentS <= limitS) return { subject, verdict: 'good' }
      return {
        subject,
        verdict: 'bad',
        summary: `agent ${agentId} is silent; its machines are not seen`,
        lossUsdPerHour: earnedUsdPerH,
      }
    }),
})

const IN_WORDS = { idle: 'is idle', unreachable: 'does not answer', faulty: 'is faulty' } as const

const notHashing = defineRule({
  name: 'not-hashing',
  about: 'a miner that should hash does not; the loss is what it could earn',
  settings: z
    .strictObject({
      ...commonSettings({ severity: 'warning', for: '2m', clearFor: '1m' }),
      raise: z.number().min(0).default(0.05).describe('fires below this part of the expected hashrate'),
      clear: z.number().min(0).default(0.1).describe('well from this part of the expected hashrate'),
    })
    .refine(({ raise, clear }) => clear >= raise, { path: ['clear'], error: 'is below raise' }),
  judge: (situation, { raise, clear }) =>
    judgeDevices(situation, ['asic'], (device) => {
      const { deviceId, state, hashrateHs, expectedHashrateHs, faults } = device
      const bad = (what: string): Omit<Finding, 'subject'> => {
        const lossUsdPerHour = missedUsdPerH(device)
        return {
          verdict: 'bad',
          summary: `${deviceId} ${what}`,
          ...(lossUsdPerHour !== undefined && { lossUsdPerHour }),
        }
      }
      // asleep on purpose; a start is neither the trouble nor its end
      if (state === 'sleeping') return { verdict: 'good' }
      if (state === 'starting') return { verdict: 'between' }
      if (state === 'idle' || state === 'unreachable' || state === 'faulty')
        return bad(`${IN_WORDS[state]}${faults?.[0] ? `: ${faults[0]}` : ''}`)
      if (hashrateHs === undefined) return { verdict: state === 'hashing' ? 'good' : 'unknown' }
      if (expectedHashrateHs === undefined) return hashrateHs > 0 ? { verdict: 'good' } : bad('does not hash')
      const ratio = hashrateHs / expectedHashrateHs
      if (ratio < raise) return bad(`hashes at ${(ratio * 100).toFixed(1)} % of what is expected`)
      return { verdict: ratio >= clear ? 'good' : 'between' }
    }),
})

const notWorking = defineRule({
  name: 'not-working',
  about:
    'a GPU, a host, a meter or an LLM server does not answer or is faulty, as a lost GPU is; the loss is what it could earn',
  settings: z.strictObject(commonSettings({ severity: 'warning', for: '2m', clearFor: '1m' })),
  judge: (situation) =>
    judgeDevices(situation, ['gpu', 'host', 'meter', 'service'], (device) => {
      const { deviceId, state, faults } = device
      if (state === 'unknown') return { verdict: 'unknown' }
      if (state !== 'unreachable' && state !== 'faulty') return { verdict: 'good' }
      const lossUsdPerHour = missedUsdPerH(device)
      return {
        verdict: 'bad',
        summary: `${deviceId} ${IN_WORDS[state]}${faults?.[0] ? `: ${faults[0]}` : ''}`,
        ...(lossUsdPerHour !== undefined && { lossUsdPerHour }),
      }
    }),
})

const hashboardLost = defineRule({
  name: 'hashboard-lost',
  about: 'fewer hashboards work than are fitted; the loss is their part of what the miner could earn',
  settings: z.strictObject(commonSettings({ severity: 'warning', for: '2m', clearFor: '1m' })),
  judge: (situation) =>
    judgeDevices(situation, ['asic'], (device) => {
      const { deviceId, state, boardsWorking, boardsFitted, couldEarnUsdPerH } = device
      // boards at rest say nothing about boards at work
      if (state === 'sleeping' || state === 'starting') return { verdict: 'between' }
      if (boardsWorking === undefined || boardsFitted === undefined) return { verdict: 'unknown' }
      if (boardsWorking >= boardsFitted) return { verdict: 'good' }
      const lost = boardsFitted - boardsWorking
      return {
        verdict: 'bad',
        summary: `${deviceId} lost ${lost} of ${boardsFitted} hashboards`,
        ...(couldEarnUsdPerH !== undefined && { lossUsdPerHour: (couldEarnUsdPerH * lost) / boardsFitted }),
      }
    }),
})

const hot = defineRule({
  name: 'hot',
  about: 'a chip is too hot; the loss is what the machine earns less than it could',
  settings: z
    .strictObject({
      ...commonSettings({ severity: 'warning', for: '1m', clearFor: '1m' }),
      raise: z.number().default(95).describe('°C, miners: fires from here'),
      clear: z.number().default(90).describe('°C, miners: well below this'),
      gpuRaise: z.number().default(88).describe('°C, GPUs: fires from here'),
      gpuClear: z.number().default(83).describe('°C, GPUs: well below this'),
    })
    .refine(({ raise, clear }) => clear <= raise, { path: ['clear'], error: 'is above raise' })
    .refine(({ gpuRaise, gpuClear }) => gpuClear <= gpuRaise, {
      path: ['gpuClear'],
      error: 'is above gpuRaise',
    }),
  judge: (situation, { raise, clear, gpuRaise, gpuClear }) =>
    judgeDevices(situation, ['asic', 'gpu'], (device) => {
      const { deviceId, kind, tempC } = device
      if (tempC === undefined) return { verdict: 'unknown' }
      const [raiseC, clearC] = kind === 'gpu' ? [gpuRaise, gpuClear] : [raise, clear]
      if (tempC < raiseC) return { verdict: tempC < clearC ? 'good' : 'between' }
      const lossUsdPerHour = missedUsdPerH(device)
      return {
        verdict: 'bad',
        summary: `${deviceId} is at ${tempC.toFixed(0)} °C, from ${raiseC} °C it is too hot`,
        ...(lossUsdPerHour !== undefined && { lossUsdPerHour }),
      }
    }),
})

const marginBelowZero = defineRule({
  name: 'margin-below-zero',
  about: 'a workload earns less than its energy costs; the loss is the difference',
  settings: z
    .strictObject({
      ...commonSettings({ severity: 'warning', for: '2m', clearFor: '2m' }),
      raise: z.number().default(0).describe('USD/h net: fires below this'),
      clear: z.number().default(0.01).describe('USD/h net: well above this'),
    })
    .refine(({ raise, clear }) => clear >= raise, { path: ['clear'], error: 'is below raise' }),
  judge: (situation, { raise, clear }) =>
    situation.workloads
      .filter(({ workload }) => !unpaid.has(workload))
      .map(({ workload, netUsdPerH, powerW }) => {
        const subject = { workload }
        // what draws no power costs nothing, however little it earns
        if (netUsdPerH > clear || (powerW <= 0 && netUsdPerH >= raise))
          return { subject, verdict: provenGood(situation) }
        if (netUsdPerH >= raise) return { subject, verdict: 'between' }
        return {
          subject,
          verdict: 'bad',
          summary: `${workload} earns ${(-netUsdPerH).toFixed(2)} USD/h less than its energy costs`,
          lossUsdPerHour: -netUsdPerH,
        }
      }),
})

const sitePowerOverLimit = defineRule({
  name: 'site-power-over-limit',
  about:
    'the site draws more than its contract allows; what that costs is in the contract, so no loss is given',
  settings: z
    .strictObject({
      ...commonSettings({ severity: 'critical', for: '30s', clearFor: '1m' }),
      raise: z.number().positive().default(1).describe('part of the limit: fires above this'),
      clear: z.number().positive().default(0.98).describe('part of the limit: well below this'),
    })
    .refine(({ raise, clear }) => clear <= raise, { path: ['clear'], error: 'is above raise' }),
  judge: (situation, { raise, clear }) => {
    const { powerW, powerLimitW } = situation.site
    if (powerLimitW === undefined) return []
    const subject = {}
    if (powerW === undefined) return [{ subject, verdict: 'unknown' }]
    if (powerW <= raise * powerLimitW)
      return [{ subject, verdict: powerW < clear * powerLimitW ? provenGood(situation) : 'between' }]
    const kW = (w: number) => `${(w / 1000).toFixed(1)} kW`
    return [
      { subject, verdict: 'bad', summary: `the site draws ${kW(powerW)}, its limit is ${kW(powerLimitW)}` },
    ]
  },
})

const clockSkew = defineRule({
  name: 'clock-skew',
  about: 'an agent’s clock is wrong: its records count for other minutes, or are put aside; no loss is given',
  settings: z
    .strictObject({
      ...commonSettings({ severity: 'warning', for: '1m', clearFor: '1m' }),
      raise: DurationMsSchema.prefault('2s').describe('fires when it is wrong by more than this'),
      clear: DurationMsSchema.prefault('1s').describe('well when it is wrong by no more than this'),
    })
    .refine(({ raise, clear }) => clear <= raise, { path: ['clear'], error: 'is above raise' }),
  judge: ({ agents }, { raise, clear }) =>
    agents.map((agent) => {
      const { agentId, clockOffsetMs } = agent
      const subject = { agentId }
      // a silent agent can't say that its clock was set right
      if (clockOffsetMs === undefined || isSilent(agent)) return { subject, verdict: 'unknown' }
      const skewMs = Math.abs(clockOffsetMs)
      if (skewMs <= raise) return { subject, verdict: skewMs <= clear ? 'good' : 'between' }
      const side = clockOffsetMs > 0 ? 'behind' : 'ahead'
      const summary = `the clock of agent ${agentId} is ${(skewMs / 1000).toFixed(1)} s ${side}; check its NTP`
      return { subject, verdict: 'bad', summary }
    }),
})

/** The rules that come with perwatt. */
export const RULES: readonly Rule[] = [
  agentSilent,
  notHashing,
  notWorking,
  hashboardLost,
  hot,
  marginBelowZero,
  sitePowerOverLimit,
  clockSkew,
  metersDisagree,
  poolDifference,
  staleQuote,
]

import { z } from 'zod'
import { defineRule, type Finding } from '../plugin/rule.ts'
import type { Situation } from '../plugin/situation.ts'

/** A meter whose sign is the other way shows what is behind it, but for overhead that no machine reports. */
const REVERSED = 0.25
const kW = (w: number): string => `${(Math.abs(w) / 1000).toFixed(1)} kW`

export default defineRule({
  name: 'meters-disagree',
  summary:
    'a meter shows less than the machines behind it report, or two meters of the same energy differ; the difference is unaccounted, and no loss is given',
  defaults: { severity: 'warning', for: '5m', clearFor: '5m' },
  settings: z
    .strictObject({
      raise: z
        .number()
        .positive()
        .default(0.03)
        .describe('part of what flows behind the meter: fires above this'),
      clear: z
        .number()
        .nonnegative()
        .default(0.02)
        .describe('part of what flows behind the meter: well below this'),
      minKw: z.number().nonnegative().default(0.1).describe('kW: a smaller difference never fires'),
    })
    .refine(({ raise, clear }) => clear <= raise, { path: ['clear'], error: 'is above raise' }),
  judge: ({ meters = [] }, { raise, clear, minKw }) =>
    meters.map((meter): Finding => {
      const { agentId, deviceId, powerW, restW, throughW = Math.abs(powerW), notSources = [] } = meter
      const subject = { agentId, deviceId }
      if (notSources.length > 0)
        return {
          subject,
          verdict: 'bad',
          summary: `meter ${deviceId} measures own generation, and ${named(notSources)} ${notSources.length > 1 ? 'are' : 'is'} set behind it, though that generates nothing; set meteredBy to the meter through which it draws`,
        }
      const size = Math.abs(restW)
      if (size < clear * throughW || size < minKw * 1000) return { subject, verdict: 'good' }
      if (size <= raise * throughW) return { subject, verdict: 'between' }
      return { subject, verdict: 'bad', summary: `meter ${deviceId} ${adviceOn(meter, minKw * 1000)}` }
    }),
})

type Meter = NonNullable<Situation['meters']>[number]

/** What a meter that disagrees shows, and what to do. @param leastW smaller figures say nothing */
function adviceOn({ powerW, restW, sources = [] }: Meter, leastW: number): string {
  const shows = powerW < 0 ? `exports ${kW(powerW)}` : `reads ${kW(powerW)}`
  const behindW = powerW - restW
  if (restW < 0) {
    const reversed = sources.filter(
      (s) => s.generates !== 'battery' && s.powerW !== undefined && s.powerW < -leastW,
    )
    const [first] = reversed
    if (first?.powerW !== undefined)
      return `${shows}, and ${first.deviceId}, which is set generates: ${first.generates}, seems to draw ${kW(first.powerW)}; its sign is the other way: set invert on it`
    const silent = sources.filter((s) => s.powerW === undefined).map((s) => s.deviceId)
    if (silent.length > 0)
      return `${shows}, what is behind it reports ${kW(restW)} more, and the own generation of ${named(silent)} is not heard; see why that meter is silent`
    if (powerW < -leastW && Math.abs(powerW + behindW) <= REVERSED * behindW)
      return `${shows}, and what is behind it draws as much; its sign is the other way: set invert on it`
    if (powerW < -leastW)
      return `${shows}, and the own generation that is measured behind it is ${kW(restW)} too little for that; set generates on the meter of each source`
  }
  return `${powerW < 0 ? `reads ${kW(powerW)}` : shows}, what is behind it reports ${kW(restW)} ${restW < 0 ? 'more' : 'less'}; check meteredBy and the meter's ratio`
}

const named = (ids: readonly string[]): string =>
  ids.length > 3 ? `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more` : ids.join(', ')

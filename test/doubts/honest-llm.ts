import type { Device } from '../../protocol/device.ts'
import type { Interval } from '../../protocol/interval.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { Chance } from './chance.ts'
import type { HonestMachine } from './honest-machine.ts'

/** What one server does at most, tokens per s: input that it reads, from its cache too, and output. A fleet behind one page has many. */
const SERVERS = [
  { name: 'one L4', inPerS: 2_000, outPerS: 300 },
  { name: 'eight H100', inPerS: 60_000, outPerS: 12_000 },
  { name: 'eight B200, long prompts', inPerS: 180_000, outPerS: 40_000 },
] as const

/**
 * An honest LLM server: calls by day and night, bursts after an idle night, batch jobs, prompts from the cache, restarts, updates, replicas
 * that are added and taken away behind one page, times out of reach that its counter recovers.
 */
export function honestLlm(chance: Chance, deviceId: string): HonestMachine {
  const server = chance.of(SERVERS)
  const device: Device = { deviceId, kind: 'service', driver: 'llm-server' }
  const owner = { service: 'chat' }
  const cachedRatio = chance.of([0, 0.3, 0.9])
  const batch = chance.next() < 0.4
  // a page whose first hour is beyond any single machine waits for a person once, and is known from then on
  const most = Math.max(1, Math.floor(Math.min(200_000 / server.inPerS, 50_000 / server.outPerS)))
  let base = Math.min(most, chance.of([1, 1, 1, 4, 20]))
  let replicas = base
  let [downMinutes, burstMinutes, awayMinutes, lateMinutes] = [0, 0, 0, 0]
  let [missedIn, missedOut] = [0, 0]
  let late = { tokensIn: 0, tokensOut: 0 }
  const away: number[] = []
  let bornMs = Number.POSITIVE_INFINITY

  return {
    device,
    minute(startMs): Interval[] {
      bornMs = Math.min(bornMs, startMs)
      if (chance.inMinute(0.3)) downMinutes = chance.whole(1, 30)
      if (chance.inMinute(batch ? 6 : 2)) burstMinutes = chance.of([1, 5, 30, 180])
      if (chance.inMinute(0.2)) awayMinutes = chance.of([1, 5, 60, 600])
      // a scaler goes up to four times the least number, and the least grows with the customers
      if (startMs > bornMs + 86_400_000 && chance.inMinute(0.2)) base++
      if (chance.inMinute(6)) replicas = startMs > bornMs + 86_400_000 ? chance.whole(base, 4 * base) : base
      if (chance.inMinute(2)) lateMinutes = chance.whole(1, 2)
      const day = 0.15 + 0.15 * (1 + Math.sin(startMs / 1.4e7))
      const load =
        burstMinutes > 0 ? chance.between(0.8, 1) : chance.next() < 0.1 ? 0 : day * chance.between(0.5, 1.5)
      if (burstMinutes > 0) burstMinutes--
      const serves = downMinutes === 0
      if (downMinutes > 0) downMinutes--
      const done = (perS: number) => (serves ? Math.round(perS * 60 * replicas * Math.min(1, load)) : 0)
      let [tokensIn, tokensOut] = [done(server.inPerS), done(server.outPerS)]
      if (awayMinutes > 0) {
        awayMinutes--
        away.push(startMs)
        missedIn += tokensIn
        missedOut += tokensOut
        return []
      }
      if (lateMinutes > 0) {
        // a page that is read late: its counters come with the next reading
        lateMinutes--
        late = { tokensIn: late.tokensIn + tokensIn, tokensOut: late.tokensOut + tokensOut }
        ;[tokensIn, tokensOut] = [0, 0]
      } else {
        tokensIn += late.tokensIn
        tokensOut += late.tokensOut
        late = { tokensIn: 0, tokensOut: 0 }
      }
      const record = (
        atMs: number,
        read: number,
        written: number,
        over: Partial<Interval> = {},
      ): Interval => ({
        deviceId,
        owner,
        startMs: atMs,
        durationMs: MINUTE_MS,
        coveredMs: MINUTE_MS,
        tokensIn: read,
        ...(cachedRatio > 0 && { tokensInCached: Math.round(read * cachedRatio) }),
        tokensOut: written,
        ...over,
      })
      const part = (amount: number) => Math.round(amount / away.length)
      const recovered = away.map((atMs) =>
        record(atMs, part(missedIn), part(missedOut), { coveredMs: 0, recovered: true }),
      )
      away.length = 0
      missedIn = 0
      missedOut = 0
      return [...recovered, record(startMs, tokensIn, tokensOut)]
    },
  }
}

import { INTERVAL_QUANTITIES, type IntervalQuantity } from '../../protocol/interval.ts'
import type { Evidence } from './evidence.ts'
import { lostOf } from './losses.ts'

type Quantities = Partial<Record<IntervalQuantity, number>>

/** The quantities of records that were stored once, and that the database lost. */
export function lostQuantities(evidence: Evidence): {
  of(deviceId: string): Quantities | undefined
  /** whether more of this device may be lost than was seen */
  isUnsure(deviceId: string): boolean
} {
  const { closed, suffered } = evidence
  const byDevice = new Map<string, Quantities>()
  const unsure = new Set<string>()
  if (suffered.emptied)
    for (const [agent, records] of closed) {
      const lost = lostOf(evidence, agent, records)
      // two lives recorded a part of it both, or some of it was never seen, or a restart recovers it from the counters
      if (suffered.copied.has(agent) || lost.unseen > 0 || lost.inMemory > 0) unsure.add(agent)
      for (const record of lost.records) {
        const sums = byDevice.get(record.deviceId) ?? {}
        byDevice.set(record.deviceId, sums)
        for (const name of INTERVAL_QUANTITIES)
          if (record[name] !== undefined) sums[name] = (sums[name] ?? 0) + record[name]
      }
    }
  const agentOf = agentsByDevice(evidence)
  return {
    of: (deviceId) => (unsure.has(agentOf.get(deviceId) ?? '') ? undefined : byDevice.get(deviceId)),
    isUnsure: (deviceId) => suffered.emptied && unsure.has(agentOf.get(deviceId) ?? ''),
  }
}

function agentsByDevice({ stored, closed }: Evidence): Map<string, string> {
  const agents = new Map(stored.intervals.map((i) => [i.deviceId, i.agentId]))
  for (const [agent, { byKey }] of closed)
    for (const { deviceId } of byKey.values()) agents.set(deviceId, agent)
  return agents
}

/** an agent that works has read every counter, and has it on its disk, within this */
const READ_WITHIN_MS = 8_000
/** a machine that did not answer is tried again at the latest after this */
const TRIED_AGAIN_MS = 62_000
/** a fault of the reader so long before or after a reset may keep it from a reading */
const NEAR_MS = 25_000
/** kinds that don't keep an agent from its machines and its disk */
const HARMLESS: readonly string[] = ['cut', 'stall', 'slow', 'mute', 'reload']

/** What machines counted between the last reading and the loss of their counters: nobody can know it. */
export class UnreadGrowth {
  readonly #evidence: Evidence
  readonly #agents: ReadonlyMap<string, string>

  constructor(evidence: Evidence) {
    this.#evidence = evidence
    this.#agents = agentsByDevice(evidence)
  }

  /** The least and the most that can be booked of what a device counted. */
  range(deviceId: string, quantity: IntervalQuantity, expected: number): { least: number; most: number } {
    let [least, most] = [expected, expected]
    for (const { atMs, upMs } of this.#evidence.suffered.resets) {
      if (this.#wasDisturbed(deviceId, atMs, upMs)) least = Number.NEGATIVE_INFINITY
      const before = this.#grown(deviceId, quantity, atMs - READ_WITHIN_MS, atMs)
      least -= before + this.#grown(deviceId, quantity, upMs - 1_000, upMs + TRIED_AGAIN_MS)
      // energy that was booked by the last power, ahead of the counter or while the machine was silent, no growth takes back any more
      const silentMs = READ_WITHIN_MS + upMs - atMs + TRIED_AGAIN_MS
      if (quantity === 'energyMilliJ') most += Math.ceil((before * silentMs) / READ_WITHIN_MS)
    }
    return { least, most }
  }

  #wasDisturbed(deviceId: string, atMs: number, upMs: number): boolean {
    const agent = this.#agents.get(deviceId)
    return this.#evidence.suffered.faults.some(
      (f) =>
        (f.target === agent || (f.target === 'simulator' && f.kind !== 'reset')) &&
        !HARMLESS.includes(f.kind) &&
        f.fromMs < upMs + NEAR_MS &&
        f.toMs > atMs - NEAR_MS,
    )
  }

  /** What the world's truth has more at the end of a time than at its begin. */
  #grown(deviceId: string, quantity: IntervalQuantity, fromMs: number, toMs: number): number {
    const { truth } = this.#evidence
    const at = (ms: number) => {
      const entry = truth.findLast((t) => t.atMs <= ms) ?? truth[0]
      const counted = entry?.counted[deviceId]
      return (counted as Quantities | undefined)?.[quantity] ?? 0
    }
    return Math.max(0, at(toMs) - at(fromMs))
  }
}

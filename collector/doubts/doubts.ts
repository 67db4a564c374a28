import type { Device } from '../../protocol/device.ts'
import type { Interval } from '../../protocol/interval.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { Hold } from '../plugin/held.ts'
import type { DevicePast } from '../plugin/store.ts'
import { type Ability, abilityOf, type PowerBound } from './abilities.ts'
import { coverageFault } from './coverage.ts'
import { elapse } from './elapsed.ts'
import { energyFault } from './energy.ts'
import { gpuTimeFault } from './gpu-time.ts'
import { kindFault } from './kinds.ts'
import { memoryOf, memoryText } from './memory.ts'
import { learnMeter, type MeterSources, meterBound, noteMeter, unlearnMeter } from './meters.ts'
import { copySeen, nothingRecorded, type RecordedSoFar } from './recorded-so-far.ts'
import { sizeFault } from './sizes.ts'
import { learnTokens, tokenFault, unlearnTokens } from './tokens.ts'
import { workFault } from './work.ts'

/** A power limit that a machine shows now says nothing about records that are older. */
const LIMIT_HOLDS_MS = 3 * MINUTE_MS
/** Devices that are remembered: three times the largest site. Beyond it the oldest is forgotten. */
const MOST_DEVICES = 300_000

/** What is known of the devices. */
export interface DoubtSources {
  device(agentId: string, deviceId: string): Device | undefined
  /** GPUs of the agent's inventory that are parts of the device */
  gpusOf(agentId: string, deviceId: string): number
  /** the power limit that the device shows now, W */
  powerLimitW(agentId: string, deviceId: string): number | undefined
  /** what is known of meters beside their records; nothing where absent */
  meters?: MeterSources
  /** collector's clock */
  nowMs(): number
}

interface Remembered {
  device: Device | undefined
  ability: Ability
  readonly seen: RecordedSoFar
  /** what was seen before the batches that are not stored yet */
  readonly stored: RecordedSoFar
  isUnstored: boolean
}

const NO_METERS: MeterSources = { shown: () => undefined, behindW: () => 0 }

/**
 * Holds each record against what its device can do, by kind and duration. Judging one record is a few sums: what was seen of a
 * device is one number a quantity, whatever the window. A doubtful record adds to none of them, so that an honest one after it passes.
 */
export class Doubts {
  readonly #sources: DoubtSources
  readonly #agents = new Map<string, Map<string, Remembered>>()
  readonly #unstored = new Map<string, Remembered[]>()
  /** what was seen of the device before the record that is judged */
  readonly #before = nothingRecorded()
  #devices = 0

  constructor(sources: DoubtSources) {
    this.#sources = sources
  }

  /** What the devices recorded before the start: a stretch that one recovers is no longer than the time since then. */
  remember(pasts: Iterable<DevicePast>): void {
    for (const { agentId, deviceId, endMs, energy } of pasts) {
      const { seen } = this.#remembered(agentId, deviceId)
      seen.upToMs = Math.max(seen.upToMs, endMs)
      if (energy && seen.pastMs === 0) noteMeter(seen, energy, energy.overMs)
    }
  }

  /** Judges the next record of an agent. @returns the hold of a record that its device can't have made */
  judge(agentId: string, record: Interval): Hold | undefined {
    const found = this.#remembered(agentId, record.deviceId)
    const { seen, ability } = found
    this.#noteUnstored(agentId, found)
    copySeen(this.#before, seen)
    const nowMs = this.#sources.nowMs()
    const elapsedMs = elapse(seen, record, nowMs)
    const isOfNow = seen.upToMs > nowMs - LIMIT_HOLDS_MS
    const limitW = isOfNow ? this.#sources.powerLimitW(agentId, record.deviceId) : undefined
    const power =
      ability.power ??
      meterBound(this.#sources.meters ?? NO_METERS, { agentId, record, seen, nowMs, isOfNow })
    const doubt = faultOf(seen, record, { elapsedMs, ability, power, limitW })
    if (!doubt) {
      if (ability.kind === 'meter') noteMeter(seen, record, elapsedMs)
      return undefined
    }
    // its time is over, and it is in no sum; of what it recovered nothing is told yet
    if (record.recovered) {
      const { covered } = seen
      copySeen(seen, this.#before)
      elapse(seen, { ...record, recovered: false }, nowMs)
      seen.covered = covered
    }
    const { upToMs, backSteps, backStepMs, covered, stretchMs, stretches } = seen
    copySeen(seen, this.#before)
    Object.assign(seen, { upToMs, backSteps, backStepMs, covered, stretchMs, stretches })
    return { kind: 'doubt', check: doubt.check, reason: `${agentId}, ${record.deviceId}: ${doubt.fault}` }
  }

  /**
   * The batches that were judged are stored, but for those of these agents: they come again, so what was seen of them is forgotten.
   */
  settled(failed: ReadonlySet<string>): void {
    for (const [agentId, devices] of this.#unstored)
      for (const found of devices) {
        if (failed.has(agentId)) copySeen(found.seen, found.stored)
        found.isUnstored = false
      }
    this.#unstored.clear()
  }

  /** The agents whose devices are remembered. */
  get agents(): string[] {
    return [...this.#agents.keys()]
  }

  /** What is remembered of an agent's devices and is stored, as a text for `restore`. */
  memoryOf(agentId: string): string {
    return memoryText(
      [...(this.#agents.get(agentId) ?? [])].map(
        ([deviceId, { seen, stored, isUnstored }]) => [deviceId, isUnstored ? stored : seen] as const,
      ),
    )
  }

  /** Takes what an earlier run remembered, before the first record is judged. */
  restore(agentId: string, text: string): void {
    for (const [deviceId, seen] of memoryOf(text)) copySeen(this.#remembered(agentId, deviceId).seen, seen)
  }

  /** A person accepted these records of a device, though its check `tokens` or `energy` held them. */
  learn(agentId: string, deviceId: string, records: readonly Interval[]): void {
    const isMeter = this.#sources.device(agentId, deviceId)?.kind === 'meter'
    const learnFrom = isMeter ? learnMeter : learnTokens
    const { seen, stored } = this.#remembered(agentId, deviceId)
    for (const known of [seen, stored]) learnFrom(known, records)
  }

  /** A person took back that he had accepted records of a device: what they taught is forgotten. */
  unlearn(agentId: string, deviceId: string): void {
    const isMeter = this.#sources.device(agentId, deviceId)?.kind === 'meter'
    const { seen, stored } = this.#remembered(agentId, deviceId)
    for (const known of [seen, stored]) (isMeter ? unlearnMeter : unlearnTokens)(known)
  }

  #noteUnstored(agentId: string, found: Remembered): void {
    if (found.isUnstored) return
    found.isUnstored = true
    copySeen(found.stored, found.seen)
    const unstored = this.#unstored.get(agentId)
    if (unstored) unstored.push(found)
    else this.#unstored.set(agentId, [found])
  }

  #remembered(agentId: string, deviceId: string): Remembered {
    let devices = this.#agents.get(agentId)
    if (!devices) {
      devices = new Map()
      this.#agents.set(agentId, devices)
    }
    const device = this.#sources.device(agentId, deviceId)
    const found = devices.get(deviceId)
    if (found && found.device === device) return found
    const ability = abilityOf(device, this.#sources.gpusOf(agentId, deviceId))
    if (found) {
      found.device = device
      found.ability = ability
      return found
    }
    const made: Remembered = {
      device,
      ability,
      seen: nothingRecorded(),
      stored: nothingRecorded(),
      isUnstored: false,
    }
    devices.set(deviceId, made)
    if (++this.#devices > MOST_DEVICES) this.#forgetOldest()
    return made
  }

  #forgetOldest(): void {
    for (const [agentId, devices] of this.#agents) {
      const [oldest] = devices.keys()
      if (oldest !== undefined && devices.delete(oldest)) this.#devices--
      if (devices.size === 0) this.#agents.delete(agentId)
      else return
    }
  }
}

interface Bounds {
  elapsedMs: number
  ability: Ability
  power: PowerBound
  limitW: number | undefined
}

/** The first check that the record fails. Moves `next` on. */
function faultOf(
  next: RecordedSoFar,
  record: Interval,
  { elapsedMs, ability, power, limitW }: Bounds,
): { check: string; fault: string } | undefined {
  const size = sizeFault(record)
  if (size) return { check: 'size', fault: size }
  const kind = kindFault(record, ability.kind)
  if (kind) return { check: 'kind', fault: kind }
  const coverage = coverageFault(next, record, elapsedMs)
  if (coverage) return { check: 'coverage', fault: coverage }
  const gpuTime = gpuTimeFault(next, record, elapsedMs, ability)
  if (gpuTime) return { check: 'gpu-time', fault: gpuTime }
  const work = workFault(next, record, elapsedMs, ability)
  if (work) return { check: 'work', fault: work }
  const energy = energyFault(next, record, elapsedMs, { power, limitW, stepMilliJ: ability.stepMilliJ })
  if (energy) return { check: 'energy', fault: energy }
  const tokens = tokenFault(next, record, elapsedMs)
  return tokens ? { check: 'tokens', fault: tokens } : undefined
}

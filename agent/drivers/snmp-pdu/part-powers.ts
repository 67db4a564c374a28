import { signalAfter } from '../../../protocol/kit/timers.ts'
import { possible } from '../../counting/meter-ranges.ts'
import { type Measured, PowerBeside, type PowerBesideReading } from '../../counting/power-beside.ts'
import { asSigned, lastDigitOf, measured, type SnmpValue, scaledTo } from '../../wire/snmp/values.ts'
import type { Instance, PduPart } from './layout.ts'
import type { SnmpReader } from './remembering-reader.ts'

/** Volts and amps are asked for beside the poll, and are worth less than it. */
const PATIENCE_MS = 2000
/** A PDU that is too slow for them would be lost at every poll. */
const MOST_FAILURES = 2

/** The power of a part as it is used, and as it was shown. */
export interface PartPower extends PowerBesideReading {
  shownW: number | undefined
  stepW: number | undefined
}

/** The powers of a PDU's parts, each held against the volts, amps and power factor that the PDU tells of the part. */
export class PartPowers {
  readonly #held = new Map<string, PowerBeside>()
  #failures = 0

  /** @param values of the poll @throws the signal's reason */
  async read(
    snmp: Pick<SnmpReader, 'get'>,
    parts: readonly PduPart[],
    values: ReadonlyMap<string, SnmpValue>,
    signal: AbortSignal,
  ): Promise<Map<PduPart, PartPower>> {
    const steadyMs = performance.now()
    const shown = new Map(parts.map((part) => [part, wattsOf(part, values)]))
    const due = parts.filter((part) => part.beside && this.#of(part).isDue(shown.get(part), steadyMs))
    const beside = await this.#asked(snmp, due, signal)
    return new Map(
      parts.map((part): [PduPart, PartPower] => {
        const shownW = shown.get(part)
        const stepW = part.power && lastDigitOf(values.get(part.power.oid), part.power.scale)
        const told = due.includes(part) ? measuredOf(part, beside) : undefined
        const read = this.#of(part).read(shownW, told, stepW ?? 0, steadyMs)
        return [part, { ...read, shownW, stepW }]
      }),
    )
  }

  async #asked(
    snmp: Pick<SnmpReader, 'get'>,
    parts: readonly PduPart[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, SnmpValue>> {
    const oids = parts.flatMap(({ beside }) =>
      Object.values(beside ?? {}).flatMap((entry) => entry?.oid ?? []),
    )
    if (oids.length === 0 || this.#failures >= MOST_FAILURES) return new Map()
    try {
      return await snmp.get(oids, AbortSignal.any([signal, signalAfter(PATIENCE_MS)]))
    } catch {
      this.#failures++
      signal.throwIfAborted()
      return new Map()
    }
  }

  #of({ part = '' }: PduPart): PowerBeside {
    const held = this.#held.get(part) ?? new PowerBeside()
    this.#held.set(part, held)
    return held
  }
}

function wattsOf({ power }: PduPart, values: ReadonlyMap<string, SnmpValue>): number | undefined {
  const powerW = power && scaledTo(asSigned(values.get(power.oid)), power.scale, 'W')
  if (powerW === undefined || (powerW < 0 && !power?.signed)) return undefined
  return possible({ powerW: power?.invert ? 0 - powerW : powerW }).powerW
}

function measuredOf({ beside }: PduPart, values: ReadonlyMap<string, SnmpValue>): Measured {
  const numberOf = (instance: Instance | undefined) => {
    const number = instance && measured(values.get(instance.oid))
    return number === undefined ? undefined : number * (instance?.scale ?? 1)
  }
  const [volts, amps] = [numberOf(beside?.volts), numberOf(beside?.amps)]
  if (volts === undefined || amps === undefined) return { phases: [] }
  return { phases: [{ volts, amps, powerFactor: numberOf(beside?.powerFactor) }] }
}

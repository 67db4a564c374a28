import { signalAfter } from '../../../protocol/kit/timers.ts'
import type { Measured } from '../../counting/power-beside.ts'
import type { ModbusTcp } from '../../wire/modbus.ts'
import type { BesideRegisters } from './maps/map.ts'
import { modbusValues } from './values.ts'

/** A gateway that does not know a register may stay silent instead of refusing it. */
const PATIENCE_MS = 2000

/** One failure may be a broken connection. A meter that is lost at every poll for these registers would have no energy. */
const MOST_FAILURES = 2

export type ReadBeside = (signal: AbortSignal) => Promise<Measured | undefined>

/**
 * What a meter measures beside its power. A meter that refuses it, or stays silent, is not asked again: its power and energy are
 * worth more.
 * @returns a function that gives undefined where the meter has none; it rejects only with the reason of its signal
 */
export function patient(read: (signal: AbortSignal) => Promise<Measured>): ReadBeside {
  let failures = 0
  return async (signal) => {
    if (failures >= MOST_FAILURES) return undefined
    const patience = signalAfter(PATIENCE_MS)
    try {
      return await read(AbortSignal.any([signal, patience]))
    } catch {
      failures++
      signal.throwIfAborted()
      return undefined
    }
  }
}

/** Reads the volts, amps and power factor of a meter by its map. */
export function besideReader(
  modbus: ModbusTcp,
  { phases, powerFactor, fourQuadrants }: BesideRegisters,
): ReadBeside {
  const registers = [
    ...phases.flatMap(({ volts, amps, powerFactor }) => [volts, amps, powerFactor]),
    powerFactor,
  ]
  const factorOf = (told: number | undefined) =>
    fourQuadrants && told !== undefined && Math.abs(told) > 1 ? 2 - Math.abs(told) : told
  return patient(async (signal) => {
    const values = await modbusValues(modbus, registers, signal)
    return {
      phases: phases.flatMap((_, phase) => {
        const [volts, amps, factor] = values.slice(3 * phase, 3 * phase + 3)
        return volts === undefined || amps === undefined
          ? []
          : [{ volts, amps, powerFactor: factorOf(factor) }]
      }),
      powerFactor: factorOf(values[3 * phases.length]),
    }
  })
}

/** Volts, amps and power factor as meters keep them. */

interface At {
  address: number
}

/**
 * The registers of three phases that lie a step apart.
 * @param volts of the first phase, as `amps` and `powerFactor`
 */
export function threePhases<R extends At>(
  volts: R,
  amps: R,
  { apart = 2, powerFactor }: { apart?: number; powerFactor?: R } = {},
): { volts: R; amps: R; powerFactor?: R }[] {
  return [0, 1, 2].map((phase) => {
    const at = (register: R): R => ({ ...register, address: register.address + phase * apart })
    return { volts: at(volts), amps: at(amps), ...(powerFactor && { powerFactor: at(powerFactor) }) }
  })
}

const float32 = (address: number) =>
  ({ function: 3, address, type: 'float32', scale: 1, wordOrder: 'big' }) as const
const int32 = (address: number, scale: number) =>
  ({ function: 4, address, type: 'int32', scale, wordOrder: 'little' }) as const

/** Schneider iEM3000 and PM5000: registers 3028, 3000 and 3084 of both lists, counted from 1. */
export const schneiderBeside = {
  phases: threePhases<At & Omit<ReturnType<typeof float32>, 'address'>>(float32(3027), float32(2999)),
  powerFactor: float32(3083),
  fourQuadrants: true,
} as const

/**
 * Carlo Gavazzi: 0.1 V from 00h and 0.001 A from 0Ch on, the low word first.
 * @param factorAt address of the power factor, 0.001
 */
export const carloGavazziBeside = (factorAt: number) =>
  ({
    phases: threePhases<At & Omit<ReturnType<typeof int32>, 'address'>>(int32(0x00, 0.1), int32(0x0c, 0.001)),
    powerFactor: { function: 4, address: factorAt, type: 'int16', scale: 0.001, wordOrder: 'big' },
  }) as const

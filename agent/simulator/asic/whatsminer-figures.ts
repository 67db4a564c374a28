import { ratedW } from './figures.ts'
import type { AsicMachine } from './machine.ts'

/** MicroBT's error codes: 35x is a hashboard that is too hot, 54x a hashboard whose chips don't answer. */
export const whatsminerErrors = ({ boards }: AsicMachine): { code: number; reason: string }[] =>
  boards.flatMap((b) => [
    ...(b.lost ? [{ code: 540 + b.index, reason: `Slot${b.index} chip ids cannot be read.` }] : []),
    ...(b.chipTempC > 98 ? [{ code: 350 + b.index, reason: `Slot${b.index} too hot.` }] : []),
  ])

/** A time as MicroBT writes it: `2026-01-31 12:00:00`, UTC. */
export const whatsminerTime = (nowS: number): string =>
  new Date(nowS * 1000).toISOString().slice(0, 19).replace('T', ' ')

export const powerLimitW = (machine: AsicMachine): number => Math.ceil((ratedW(machine) * 1.05) / 100) * 100

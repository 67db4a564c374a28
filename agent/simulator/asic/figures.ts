import type { AsicMachine } from './machine.ts'

/** Figures of a machine as most firmwares write them. */

export const round = (value: number, digits: number): number => Number(value.toFixed(digits))

export const mhs = (hs: number): number => round(hs / 1e6, 2)
export const ghs = (hs: number): number => round(hs / 1e9, 2)
export const ths = (hs: number): number => round(hs / 1e12, 3)

export const elapsed = (machine: AsicMachine): number => Math.floor(machine.uptimeS)

/** Average since the start, H/s. */
export const averageHs = (machine: AsicMachine): number => machine.hashes / Math.max(machine.uptimeS, 1)

/** What the maker says it draws, W. */
export const ratedW = ({ model }: AsicMachine): number =>
  Math.round((model.hashrateHs / 1e12) * model.efficiencyJPerTh)

export const hardwareErrors = (machine: AsicMachine): number =>
  Math.floor(machine.boards.reduce((sum, b) => sum + b.hardwareErrors, 0))

/** The speed of each fan, rpm, in the steps of its tachometer. @param at the speed of fan i as part of the first one's */
export const fanRpms = ({ model, fanRpm }: AsicMachine, step = 30, at: (i: number) => number = () => 1) =>
  Array.from({ length: model.fans }, (_, i) => Math.round((fanRpm * at(i)) / step) * step)

/** Unix time of the last share, s; 0 before the first, as the machines write it. */
export const lastShareAt = (machine: AsicMachine, nowS: number): number =>
  machine.shares.lastAtS === undefined ? 0 : Math.floor(nowS - machine.uptimeS + machine.shares.lastAtS)

/** About the chain's height: it was 840000 on 2024-04-20 and grows by one in 600 s. */
export const blockHeight = (nowS: number): number => 840_000 + Math.floor((nowS - 1_713_571_767) / 600)

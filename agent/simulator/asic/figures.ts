import type { AsicMachine } from './machine.ts'

/* A machine's figures in the units and rounding that most firmware uses. */

export const round = (value: number, digits: number): number => Number(value.toFixed(digits))

export const mhs = (hs: number): number => round(hs / 1e6, 2)
export const ghs = (hs: number): number => round(hs / 1e9, 2)
export const ths = (hs: number): number => round(hs / 1e12, 3)

export const elapsed = (machine: AsicMachine): number => Math.floor(machine.uptimeS)

/** Average since the start, H/s. */
export const averageHs = (machine: AsicMachine): number => machine.hashes / Math.max(machine.uptimeS, 1)

/** A serial number for a machine whose family reports one. */
export const serialNumber = ({ mac }: Pick<AsicMachine, 'mac'>): string =>
  `SIM${mac.replaceAll(':', '').toUpperCase()}`

/** Rated power, W. */
export const ratedW = ({ model }: AsicMachine): number =>
  Math.round((model.hashrateHs / 1e12) * model.efficiencyJPerTh)

export const hardwareErrors = (machine: AsicMachine): number =>
  Math.floor(machine.boards.reduce((sum, b) => sum + b.hardwareErrors, 0))

/** Speed of each fan, rpm. @param step resolution of the tachometer, rpm @param at speed of fan i relative to the first one */
export const fanRpms = ({ model, fanRpm }: AsicMachine, step = 30, at: (i: number) => number = () => 1) =>
  Array.from({ length: model.fans }, (_, i) => Math.round((fanRpm * at(i)) / step) * step)

/** Unix time of the last share, s; 0 before the first share, as the machines write it. */
export const lastShareAt = (machine: AsicMachine, nowS: number): number =>
  machine.shares.lastAtS === undefined ? 0 : Math.floor(nowS - machine.uptimeS + machine.shares.lastAtS)

/** Approximate height of the Bitcoin chain: 840000 on 2024-04-20, and one more block every 600 s. */
export const blockHeight = (nowS: number): number => 840_000 + Math.floor((nowS - 1_713_571_767) / 600)

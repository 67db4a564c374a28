/** Faults by the status-light code in the reply to `led` (Auradine's API reference). */
const FAULTS: Readonly<Record<number, string>> = {
  4: 'temperature out of range',
  5: 'pool configuration wrong',
  6: 'no network',
  7: 'control board failed',
  8: 'hashrate low',
  9: 'a fan failed',
  10: 'a hashboard failed',
  11: 'power supply failed',
  19: 'coolant low',
}

/** Codes of a machine before it hashes: resetting, warming up, upgrading. */
const STARTING = new Set([14, 15, 16])

/** @returns undefined where the code is not that of a fault */
export const auradineFault = (code: number): string | undefined => FAULTS[code]
export const isAuradineStarting = (code: number): boolean => STARTING.has(code)

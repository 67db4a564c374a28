/** What the status lights say, by the code in the answer to `led` (Auradine's API reference); only the codes of a fault. */
const FAULTS: Readonly<Record<number, string>> = {
  4: 'temperature out of range',
  5: 'pool configuration wrong',
  6: 'no network',
  7: 'control board fails',
  8: 'hashrate low',
  9: 'a fan fails',
  10: 'a hashboard fails',
  11: 'power supply fails',
  19: 'coolant low',
}

/** Codes of a machine that isn't hashing yet: resetting, warming up, upgrading. */
const STARTING = new Set([14, 15, 16])

/** @param code of the status lights @returns undefined where nothing is wrong */
export const auradineFault = (code: number): string | undefined => FAULTS[code]
export const isAuradineStarting = (code: number): boolean => STARTING.has(code)

/** Error bits of `ECMM` (controller) and `ECHU` (each hashboard); the meanings are shortened from Canaan's Avalon API manual. */
const BITS: readonly (readonly [number, string])[] = [
  [1 << 1, 'controller program damaged'],
  [1 << 2, 'a fan is missing'],
  [1 << 3, 'locked'],
  [1 << 6, 'too hot'],
  [1 << 7, 'was too hot'],
  [1 << 8, 'chip loop fails'],
  // 1 << 9, the core test, is left out: the manual's own example of a healthy A1066 shows it on all three boards
  [1 << 10, 'power unit not recognised'],
  [1 << 11, 'no power-good signal'],
  [1 << 12, 'temperature sensor fails'],
  [1 << 13, 'voltage wrong'],
  [1 << 14, 'core voltage wrong'],
  [1 << 15, 'power unit program damaged'],
  [1 << 16, 'clock setting invalid'],
  [1 << 17, 'hashboard fails'],
]

/** @param who `controller` or `hashboard 0` @param code the sum of its error bits */
export const avalonFaults = (who: string, code: number): string[] =>
  BITS.filter(([bit]) => (code & bit) !== 0).map(([, words]) => `${who}: ${words}`)

import type { NamedMap } from './map.ts'

/** Carlo Gavazzi EM24_E1 and EM3x0: 0.1 W and 0.1 kWh, low word first. */
export default {
  name: 'carlo-gavazzi-em24',
  model: 'Carlo Gavazzi EM24',
  power: { function: 4, address: 0x28, type: 'int32', scale: 0.1, wordOrder: 'little' },
  energy: { function: 4, address: 0x34, type: 'int32', scale: 100, wordOrder: 'little' },
} satisfies NamedMap

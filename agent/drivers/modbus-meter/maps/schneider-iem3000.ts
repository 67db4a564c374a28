import type { NamedMap } from './map.ts'

export default {
  name: 'schneider-iem3000',
  model: 'Schneider iEM3000',
  power: { function: 3, address: 0x0bf3, type: 'float32', scale: 1000, wordOrder: 'big' },
  energy: { function: 3, address: 0x0c83, type: 'int64', scale: 1, wordOrder: 'big' },
} satisfies NamedMap

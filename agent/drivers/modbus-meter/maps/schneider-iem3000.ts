import { schneiderBeside } from '../shapes/beside.ts'
import type { NamedMap } from './map.ts'

/** Schneider iEM3000. Only the models with four quadrants (iEM3x5x and newer) have an export counter. */
export default {
  name: 'schneider-iem3000',
  model: 'Schneider iEM3000',
  source: 'iEM3000 series user manual, DOCA0005EN, Modbus register list',
  // its register 50, Meter Model: iEM3155
  identify: { function: 3, address: 0x31, registers: 20, texts: ['iEM3'] },
  power: { function: 3, address: 0x0bf3, type: 'float32', scale: 1000, wordOrder: 'big' },
  energy: { function: 3, address: 0x0c83, type: 'int64', scale: 1, wordOrder: 'big' },
  exported: { function: 3, address: 0x0c87, type: 'int64', scale: 1, wordOrder: 'big' },
  beside: schneiderBeside,
} satisfies NamedMap

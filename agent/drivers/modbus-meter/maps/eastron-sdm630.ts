import { threePhases } from '../shapes/beside.ts'
import type { NamedMap } from './map.ts'

/** Eastron SDM630, all versions: W, and kWh with two decimals. */
export default {
  name: 'eastron-sdm630',
  model: 'Eastron SDM630',
  source: 'SDM630 Modbus protocol manual (SDM630Register.pdf); mbmd, meters/rs485/sdm.go',
  power: { function: 4, address: 0x34, type: 'float32', scale: 1, wordOrder: 'big' },
  energy: { function: 4, address: 0x48, type: 'float32', scale: 1000, stepWh: 10, wordOrder: 'big' },
  exported: { function: 4, address: 0x4a, type: 'float32', scale: 1000, stepWh: 10, wordOrder: 'big' },
  beside: {
    phases: threePhases(
      { function: 4, address: 0x00, type: 'float32', scale: 1, wordOrder: 'big' },
      { function: 4, address: 0x06, type: 'float32', scale: 1, wordOrder: 'big' },
    ),
    powerFactor: { function: 4, address: 0x3e, type: 'float32', scale: 1, wordOrder: 'big' },
  },
} satisfies NamedMap

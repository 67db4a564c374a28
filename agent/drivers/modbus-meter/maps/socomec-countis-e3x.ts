import { threePhases } from '../shapes/beside.ts'
import type { NamedMap } from './map.ts'

/** Socomec Countis E3x and E4x: 0.01 kW and kWh. */
export default {
  name: 'socomec-countis-e3x',
  model: 'Socomec Countis E3x',
  source: 'Countis JBUS common table 1.01 (0xC550, 0xC650); mbmd, meters/rs485/socomec.go',
  // OpenEMS, AbstractSocomecMeter.java: countis e34, countis e44
  identify: { function: 3, address: 0xc38a, registers: 8, texts: ['countis e3', 'countis e4'] },
  power: { function: 3, address: 0xc568, type: 'int32', scale: 10, wordOrder: 'big' },
  energy: { function: 3, address: 0xc652, type: 'uint32', scale: 1000, wordOrder: 'big' },
  exported: { function: 3, address: 0xc658, type: 'uint32', scale: 1000, wordOrder: 'big' },
  beside: {
    phases: threePhases(
      { function: 3, address: 0xc558, type: 'uint32', scale: 0.01, wordOrder: 'big' },
      { function: 3, address: 0xc560, type: 'uint32', scale: 0.001, wordOrder: 'big' },
    ),
    powerFactor: { function: 3, address: 0xc56e, type: 'int32', scale: 0.001, wordOrder: 'big' },
  },
} satisfies NamedMap

import { threePhases } from '../shapes/beside.ts'
import type { NamedMap } from './map.ts'

/** Janitza UMG 96RM and the others with its list of frequently required readings from 19000 on (UMG 509, 512, 604, 605). */
export default {
  name: 'janitza-umg96rm',
  model: 'Janitza UMG 96RM',
  source:
    'Modbus address list of the UMG 96RM-E, 19026, 19068 and 19076; OpenEMS, MeterJanitzaUmg96rmeImpl.java',
  power: { function: 3, address: 19_026, type: 'float32', scale: 1, wordOrder: 'big' },
  energy: { function: 3, address: 19_068, type: 'float32', scale: 1, wordOrder: 'big' },
  exported: { function: 3, address: 19_076, type: 'float32', scale: 1, wordOrder: 'big' },
  beside: {
    phases: threePhases(
      { function: 3, address: 19_000, type: 'float32', scale: 1, wordOrder: 'big' },
      { function: 3, address: 19_012, type: 'float32', scale: 1, wordOrder: 'big' },
      { powerFactor: { function: 3, address: 19_044, type: 'float32', scale: 1, wordOrder: 'big' } },
    ),
  },
} satisfies NamedMap

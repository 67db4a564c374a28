import { threePhases } from '../shapes/beside.ts'
import type { NamedMap } from './map.ts'

/** Siemens SENTRON PAC2200: the counters are those of its first tariff. */
export default {
  name: 'siemens-pac2200',
  model: 'Siemens PAC2200',
  source: 'SENTRON PAC2200 manual, Modbus measured variables 65, 801 and 809; mbmd, meters/rs485/pac2200.go',
  power: { function: 3, address: 65, type: 'float32', scale: 1, wordOrder: 'big' },
  energy: { function: 3, address: 801, type: 'float64', scale: 1, wordOrder: 'big' },
  exported: { function: 3, address: 809, type: 'float64', scale: 1, wordOrder: 'big' },
  beside: {
    phases: threePhases(
      { function: 3, address: 1, type: 'float32', scale: 1, wordOrder: 'big' },
      { function: 3, address: 13, type: 'float32', scale: 1, wordOrder: 'big' },
    ),
    powerFactor: { function: 3, address: 69, type: 'float32', scale: 1, wordOrder: 'big' },
  },
} satisfies NamedMap

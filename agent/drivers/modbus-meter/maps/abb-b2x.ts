import { threePhases } from '../shapes/beside.ts'
import type { NamedMap } from './map.ts'

/** ABB B21, B23 and B24: 0.01 W and 0.01 kWh. */
export default {
  name: 'abb-b2x',
  model: 'ABB B2x',
  source: 'B-series user manual, Modbus mapping; victronenergy/dbus-modbus-client, abb.py',
  // dbus-modbus-client, abb.py: the letters B21, B23 and B24 with a blank
  identify: { function: 3, address: 0x8960, type: 'uint32', codes: [0x42323120, 0x42323320, 0x42323420] },
  power: { function: 3, address: 0x5b14, type: 'int32', scale: 0.01, wordOrder: 'big' },
  energy: { function: 3, address: 0x5000, type: 'uint64', scale: 10, wordOrder: 'big' },
  exported: { function: 3, address: 0x5004, type: 'uint64', scale: 10, wordOrder: 'big' },
  beside: {
    phases: threePhases(
      { function: 3, address: 0x5b00, type: 'uint32', scale: 0.1, wordOrder: 'big' },
      { function: 3, address: 0x5b0c, type: 'uint32', scale: 0.01, wordOrder: 'big' },
    ),
    powerFactor: { function: 3, address: 0x5b3a, type: 'int16', scale: 0.001, wordOrder: 'big' },
  },
} satisfies NamedMap

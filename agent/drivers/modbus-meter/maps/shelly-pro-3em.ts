import { threePhases } from '../shapes/beside.ts'
import type { NamedMap } from './map.ts'

/** Shelly Pro 3EM in its three-phase profile: the low word comes first, and its list counts from 30000. */
export default {
  name: 'shelly-pro-3em',
  model: 'Shelly Pro 3EM',
  source: 'shelly-api-docs.shelly.cloud, EM and EMData, Modbus; victronenergy/dbus-modbus-client, shelly.py',
  // dbus-modbus-client, shelly.py: SPEM-003CEBEU, and with 120, 63 or 400 for other transformers
  identify: { function: 4, address: 6, registers: 10, texts: ['SPEM-003'], lowByteFirst: true },
  power: { function: 4, address: 1013, type: 'float32', scale: 1, wordOrder: 'little' },
  energy: { function: 4, address: 1162, type: 'float32', scale: 1, wordOrder: 'little' },
  exported: { function: 4, address: 1164, type: 'float32', scale: 1, wordOrder: 'little' },
  beside: {
    phases: threePhases(
      { function: 4, address: 1020, type: 'float32', scale: 1, wordOrder: 'little' },
      { function: 4, address: 1022, type: 'float32', scale: 1, wordOrder: 'little' },
      {
        apart: 20,
        powerFactor: { function: 4, address: 1028, type: 'float32', scale: 1, wordOrder: 'little' },
      },
    ),
  },
} satisfies NamedMap

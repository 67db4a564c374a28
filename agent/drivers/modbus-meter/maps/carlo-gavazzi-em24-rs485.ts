import { carloGavazziBeside } from '../shapes/beside.ts'
import type { NamedMap } from './map.ts'

/**
 * The classic Carlo Gavazzi EM24 (EM24-DIN, RS-485) behind a gateway. It is read as the EM24_E1, but its counters are elsewhere:
 * where that one counts energy (0x34), this one has power factors.
 */
export default {
  name: 'carlo-gavazzi-em24-rs485',
  model: 'Carlo Gavazzi EM24',
  source:
    'EM24 Modbus communication protocol (ccontrols.com, CarloGavazziEM24.pdf); mbmd, meters/rs485/carlogavazzi-em24.go',
  // dbus-cgwacs, ac_sensor.cpp: 71 to 73; EM24 PFA, PFB and X communication protocol: 70 is the AV9
  identify: { function: 4, address: 0x0b, codes: [70, 71, 72, 73] },
  power: { function: 4, address: 0x28, type: 'int32', scale: 0.1, wordOrder: 'little' },
  energy: { function: 4, address: 0x42, type: 'int32', scale: 100, wordOrder: 'little' },
  exported: { function: 4, address: 0x5c, type: 'int32', scale: 100, wordOrder: 'little' },
  beside: carloGavazziBeside(0x35),
} satisfies NamedMap

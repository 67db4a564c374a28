import { carloGavazziBeside } from '../shapes/beside.ts'
import type { NamedMap } from './map.ts'

const int32 = { function: 4, type: 'int32', wordOrder: 'little' } as const

/** Carlo Gavazzi EM24 with Ethernet (EM24DINAV.3XE1...): 0.1 W and 0.1 kWh, low word first. */
export default {
  name: 'carlo-gavazzi-em24-e1',
  model: 'Carlo Gavazzi EM24_E1',
  source: 'EM24 Ethernet communication protocol (EM24_E1_CP.pdf); mbmd, meters/rs485/carlogavazzi-em24_e1.go',
  identify: { function: 4, address: 0x0b, codes: [1648, 1649, 1650, 1651, 1652, 1653] },
  power: { ...int32, address: 0x28, scale: 0.1 },
  energy: { ...int32, address: 0x34, scale: 100 },
  exported: { ...int32, address: 0x4e, scale: 100 },
  beside: carloGavazziBeside(0x31),
} satisfies NamedMap

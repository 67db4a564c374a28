import { schneiderBeside } from '../shapes/beside.ts'
import type { NamedMap } from './map.ts'

/** Schneider PowerLogic PM5100, PM5300, PM5500. Its manual counts registers from 1. */
export default {
  name: 'schneider-pm5000',
  model: 'Schneider PM5000',
  source: 'PM5000 series Modbus register list, 3060, 3204 and 3208; SolarNetwork, PM5100Register.java',
  // its register 50, Meter Model: PM5110
  identify: { function: 3, address: 0x31, registers: 20, texts: ['PM5'] },
  power: { function: 3, address: 3059, type: 'float32', scale: 1000, wordOrder: 'big' },
  energy: { function: 3, address: 3203, type: 'int64', scale: 1, wordOrder: 'big' },
  exported: { function: 3, address: 3207, type: 'int64', scale: 1, wordOrder: 'big' },
  beside: schneiderBeside,
} satisfies NamedMap

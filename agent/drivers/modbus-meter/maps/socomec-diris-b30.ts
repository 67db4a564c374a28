import { threePhases } from '../shapes/beside.ts'
import type { NamedMap } from './map.ts'

/** Socomec Diris B-30: W and kWh. */
export default {
  name: 'socomec-diris-b30',
  model: 'Socomec Diris B-30',
  source: 'Diris B-30 communication table; OpenEMS, SocomecMeterThreephaseImpl.java, protocolDirisB30',
  // OpenEMS, AbstractSocomecMeter.java: diris b30
  identify: { function: 3, address: 0xc38a, registers: 8, texts: ['diris b30', 'diris b-30'] },
  power: { function: 3, address: 0x482c, type: 'int32', scale: 1, wordOrder: 'big' },
  energy: { function: 3, address: 0x4d83, type: 'uint32', scale: 1000, wordOrder: 'big' },
  exported: { function: 3, address: 0x4d86, type: 'uint32', scale: 1000, wordOrder: 'big' },
  beside: {
    phases: threePhases(
      { function: 3, address: 0x480c, type: 'uint32', scale: 0.01, wordOrder: 'big' },
      { function: 3, address: 0x481a, type: 'uint32', scale: 0.001, wordOrder: 'big' },
    ),
  },
} satisfies NamedMap

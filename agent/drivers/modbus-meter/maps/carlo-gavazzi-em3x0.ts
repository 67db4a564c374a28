import type { NamedMap } from './map.ts'

/** Carlo Gavazzi EM330, EM340, ET330 and ET340 behind a gateway. */
export default {
  name: 'carlo-gavazzi-em3x0',
  model: 'Carlo Gavazzi EM3x0',
  source: 'EM330_EM340_ET330_ET340_CP.pdf; mbmd, meters/rs485/carlogavazzi-ex3x0.go',
  power: { function: 4, address: 0x28, type: 'int32', scale: 0.1, wordOrder: 'little' },
  energy: { function: 4, address: 0x34, type: 'int32', scale: 100, wordOrder: 'little' },
  exported: { function: 4, address: 0x4e, type: 'int32', scale: 100, wordOrder: 'little' },
} satisfies NamedMap

import { carloGavazziBeside } from '../shapes/beside.ts'
import type { NamedMap } from './map.ts'

const int32 = { function: 4, type: 'int32', wordOrder: 'little' } as const

/** Carlo Gavazzi EM330, EM340, ET330 and ET340 behind a gateway. */
export default {
  name: 'carlo-gavazzi-em3x0',
  model: 'Carlo Gavazzi EM3x0',
  source: 'EM330_EM340_ET330_ET340_CP.pdf; mbmd, meters/rs485/carlogavazzi-ex3x0.go',
  // EM300 and ET300 series protocol, table 2.8; EVerest, CarloGavazzi: 331 to 355. 338 and 348 keep their energy where the EM24 does
  identify: {
    function: 4,
    address: 0x0b,
    codes: [331, 332, 333, 335, 336, 340, 341, 342, 345, 346, 355],
  },
  power: { ...int32, address: 0x28, scale: 0.1 },
  energy: { ...int32, address: 0x34, scale: 100 },
  exported: { ...int32, address: 0x4e, scale: 100 },
  beside: carloGavazziBeside(0x31),
} satisfies NamedMap

// Made by `npm run generate` from the files in this folder; do not edit.
import abbB2x from './abb-b2x.ts'
import carloGavazziEm3x0 from './carlo-gavazzi-em3x0.ts'
import carloGavazziEm24E1 from './carlo-gavazzi-em24-e1.ts'
import carloGavazziEm24Rs485 from './carlo-gavazzi-em24-rs485.ts'
import eastronSdm630 from './eastron-sdm630.ts'
import janitzaUmg96rm from './janitza-umg96rm.ts'
import type { NamedMap } from './map.ts'
import schneiderIem3000 from './schneider-iem3000.ts'
import schneiderPm5000 from './schneider-pm5000.ts'
import shellyPro3em from './shelly-pro-3em.ts'
import siemensPac2200 from './siemens-pac2200.ts'
import socomecCountisE3x from './socomec-countis-e3x.ts'
import socomecDirisB30 from './socomec-diris-b30.ts'

export const MODBUS_MAPS: readonly NamedMap[] = [
  abbB2x,
  carloGavazziEm24E1,
  carloGavazziEm24Rs485,
  carloGavazziEm3x0,
  eastronSdm630,
  janitzaUmg96rm,
  schneiderIem3000,
  schneiderPm5000,
  shellyPro3em,
  siemensPac2200,
  socomecCountisE3x,
  socomecDirisB30,
]

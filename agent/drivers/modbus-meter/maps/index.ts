// Made by `npm run generate` from the files in this folder; do not edit.
import carloGavazziEm24 from './carlo-gavazzi-em24.ts'
import type { NamedMap } from './map.ts'
import schneiderIem3000 from './schneider-iem3000.ts'

export const MODBUS_MAPS: readonly NamedMap[] = [carloGavazziEm24, schneiderIem3000]

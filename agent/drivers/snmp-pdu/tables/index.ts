// Made by `npm run generate` from the files in this folder; do not edit.
import apcRpdu from './apc-rpdu.ts'
import apcRpdu2 from './apc-rpdu2.ts'
import cyberpower from './cyberpower.ts'
import eaton from './eaton.ts'
import enlogic from './enlogic.ts'
import gude from './gude.ts'
import hpeIpdu from './hpe-ipdu.ts'
import hpePdu2 from './hpe-pdu2.ts'
import panduit from './panduit.ts'
import raritan from './raritan.ts'
import rittal from './rittal.ts'
import servertechSentry3 from './servertech-sentry3.ts'
import servertechSentry4 from './servertech-sentry4.ts'
import type { PduTable } from './table.ts'
import trippLite from './tripp-lite.ts'
import vertivGeist from './vertiv-geist.ts'

export const PDU_TABLES: readonly PduTable[] = [
  apcRpdu,
  apcRpdu2,
  cyberpower,
  eaton,
  enlogic,
  gude,
  hpeIpdu,
  hpePdu2,
  panduit,
  raritan,
  rittal,
  servertechSentry3,
  servertechSentry4,
  trippLite,
  vertivGeist,
]

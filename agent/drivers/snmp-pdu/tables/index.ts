// Made by `npm run generate` from the files in this folder; do not edit.
import apcNetshelter from './apc-netshelter.ts'
import apcRpdu from './apc-rpdu.ts'
import apcRpdu2 from './apc-rpdu2.ts'
import cyberpower from './cyberpower.ts'
import eatonManaged from './eaton-managed.ts'
import eatonNlogic from './eaton-nlogic.ts'
import eaton from './eaton.ts'
import enlogicEdge from './enlogic-edge.ts'
import enlogic from './enlogic.ts'
import gude from './gude.ts'
import hpeIpdu from './hpe-ipdu.ts'
import hpePdu2 from './hpe-pdu2.ts'
import hpePdu3 from './hpe-pdu3.ts'
import panduit from './panduit.ts'
import raritanPx from './raritan-px.ts'
import raritan from './raritan.ts'
import rittal from './rittal.ts'
import servertechSentry3 from './servertech-sentry3.ts'
import servertechSentry4 from './servertech-sentry4.ts'
import type { PduTable } from './table.ts'
import trippLite from './tripp-lite.ts'
import vertivGeistV3 from './vertiv-geist-v3.ts'
import vertivGeist from './vertiv-geist.ts'

export const PDU_TABLES: readonly PduTable[] = [
  apcNetshelter,
  apcRpdu,
  apcRpdu2,
  cyberpower,
  eatonManaged,
  eatonNlogic,
  eaton,
  enlogicEdge,
  enlogic,
  gude,
  hpeIpdu,
  hpePdu2,
  hpePdu3,
  panduit,
  raritanPx,
  raritan,
  rittal,
  servertechSentry3,
  servertechSentry4,
  trippLite,
  vertivGeistV3,
  vertivGeist,
]

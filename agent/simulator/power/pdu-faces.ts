import type { PduFace } from './pdu-face.ts'
import { dominionPx, enlogic, nlogic } from './pdu-shared-faces.ts'
import { apcRpdu, apcRpdu2, cyberPower, rittal, sentry3, sentry4, trippLite } from './pdu-tenth-faces.ts'
import { eaton, geistV3, gude, hpeIpdu, hpePdu2, raritan, vertiv } from './pdu-watt-hour-faces.ts'

const MIB = '1.3.6.1.4.1'

/** The first is the emulated site's. */
export const PDU_FACES: readonly [PduFace, ...PduFace[]] = [
  raritan,
  dominionPx('Raritan Dominion PX', `${MIB}.13742.4`),
  dominionPx('Eaton Managed ePDU', `${MIB}.534.6.6.6`),
  apcRpdu,
  apcRpdu2,
  enlogic('APC NetShelter Advanced', `${MIB}.318.1.1.32`, { 11: 'APDU10450SM', 12: 'XX0001', 14: '3.0.0' }),
  enlogic('Enlogic', `${MIB}.38446.1`, { 10: 'EN6810', 11: 'ENL0001', 13: '1.0.16' }),
  nlogic('Enlogic Edge', `${MIB}.38446.4`, `${MIB}.38446.4.1`),
  nlogic('Eaton nLogic', `${MIB}.534.7.1`),
  nlogic('HPE G2', `${MIB}.232.165.11`),
  nlogic('Panduit G5', `${MIB}.19536.10.1`),
  sentry3,
  sentry4,
  cyberPower,
  eaton,
  vertiv,
  geistV3,
  gude,
  hpeIpdu,
  hpePdu2,
  rittal,
  trippLite,
]

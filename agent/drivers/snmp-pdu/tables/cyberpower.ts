import { type PduTable, TENTH_KWH } from './table.ts'

const CPS = '1.3.6.1.4.1.3808.1.1'
const OVERLOADS = { 3: 'near overload', 4: 'overload' } as const

/** CPS-MIB (3808.1.1): ePDU (.3); newer firmware has ePDU2 (.6) as well. */
export default {
  vendor: 'cyberpower',
  objectIdPrefix: '1.3.6.1.4.1.3808',
  // ePDUIdentModelNumber, ePDUIdentFirmwareRev, ePDUIdentSerialNumber
  about: { model: `${CPS}.3.1.5.0`, firmware: `${CPS}.3.1.3.0`, hardwareId: `${CPS}.3.1.6.0` },
  parts: [
    {
      part: 'inlet',
      rows: `${CPS}.6.3.4.1.18`,
      unit: `${CPS}.6.3.4.1.2.#`, // ePDU2DeviceStatusModuleIndex
      power: { column: `${CPS}.6.3.4.1.18.#`, scale: 1 }, // ePDU2DeviceStatus: active power, W
      energy: { column: `${CPS}.6.3.4.1.9.#`, scale: TENTH_KWH }, // ePDU2DeviceStatusEnergy
    },
    {
      part: 'phase',
      rows: `${CPS}.3.2.3.1.1.7`,
      unit: 0,
      only: { column: `${CPS}.3.2.3.1.1.5.#`, is: 0 }, // ePDULoadStatusBankNumber: 0 is a phase
      power: { column: `${CPS}.3.2.3.1.1.7.#`, scale: 1 }, // ePDULoadStatusActivePower, W
      energy: { column: `${CPS}.3.2.3.1.1.10.#`, scale: TENTH_KWH }, // ePDULoadStatusEnergy
      status: { column: `${CPS}.3.2.3.1.1.3.#`, words: OVERLOADS }, // ePDULoadStatusLoadState
    },
    {
      part: 'outlet',
      rows: `${CPS}.3.3.5.1.1.8`,
      unit: 0,
      name: `${CPS}.3.3.5.1.1.2.#`, // ePDUOutletStatusOutletName
      power: { column: `${CPS}.3.3.5.1.1.8.#`, scale: 1 }, // ePDUOutletStatusActivePower, W
      energy: { column: `${CPS}.3.3.5.1.1.13.#`, scale: TENTH_KWH }, // ePDUOutletStatusEnergy
      off: { column: `${CPS}.3.3.5.1.1.4.#`, is: 2 }, // ePDUOutletStatusOutletState: off(2)
      status: { column: `${CPS}.3.3.5.1.1.9.#`, words: OVERLOADS }, // ePDUOutletStatusAlarm
    },
  ],
} satisfies PduTable

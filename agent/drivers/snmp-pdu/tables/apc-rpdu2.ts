import { type PduTable, TENTH_KWH } from './table.ts'

const RPDU2 = '1.3.6.1.4.1.318.1.1.26'

/** PowerNet-MIB, rPDU2 (318.1.1.26): AP8xxx and newer. */
export default {
  vendor: 'apc',
  generation: 2,

  objectIdPrefix: '1.3.6.1.4.1.318',
  // rPDU2IdentModelNumber, rPDU2IdentFirmwareRev, rPDU2IdentSerialNumber
  about: { model: `${RPDU2}.2.1.8.1`, firmware: `${RPDU2}.2.1.6.1`, hardwareId: `${RPDU2}.2.1.9.1` },
  parts: [
    {
      part: 'inlet',
      rows: `${RPDU2}.4.3.1.5`,
      unit: `${RPDU2}.4.3.1.2.#`, // rPDU2DeviceStatusModule
      power: { column: `${RPDU2}.4.3.1.5.#`, scale: 10 }, // rPDU2DeviceStatusPower, 0.01 kW
      energy: { column: `${RPDU2}.4.3.1.9.#`, scale: TENTH_KWH }, // rPDU2DeviceStatusEnergy
      // rPDU2DeviceStatusLoadState
      status: { column: `${RPDU2}.4.3.1.4.#`, words: { 3: 'near overload', 4: 'overload' } },
    },
    {
      part: 'phase',
      rows: `${RPDU2}.6.3.1.7`,
      unit: `${RPDU2}.6.3.1.2.#`, // rPDU2PhaseStatusModule
      power: { column: `${RPDU2}.6.3.1.7.#`, scale: 10 }, // rPDU2PhaseStatusPower, 0.01 kW
      beside: {
        volts: { column: `${RPDU2}.6.3.1.6.#`, scale: 1 }, // rPDU2PhaseStatusVoltage
        amps: { column: `${RPDU2}.6.3.1.5.#`, scale: 0.1 }, // rPDU2PhaseStatusCurrent, 0.1 A
        powerFactor: { column: `${RPDU2}.6.3.1.9.#`, scale: 0.01 }, // rPDU2PhaseStatusPowerFactor
      },
    },
    {
      part: 'outlet',
      rows: `${RPDU2}.9.4.3.1.7`,
      unit: `${RPDU2}.9.4.3.1.2.#`, // rPDU2OutletMeteredStatusModule
      name: `${RPDU2}.9.4.3.1.3.#`, // rPDU2OutletMeteredStatusName
      power: { column: `${RPDU2}.9.4.3.1.7.#`, scale: 1 }, // rPDU2OutletMeteredStatusPower, W
      energy: { column: `${RPDU2}.9.4.3.1.11.#`, scale: TENTH_KWH }, // rPDU2OutletMeteredStatusEnergy
      off: { column: `${RPDU2}.9.2.3.1.5.#`, is: 1 }, // rPDU2OutletSwitchedStatusState: off(1)
      // rPDU2OutletMeteredStatusState
      status: { column: `${RPDU2}.9.4.3.1.5.#`, words: { 3: 'near overload', 4: 'overload' } },
    },
  ],
} satisfies PduTable

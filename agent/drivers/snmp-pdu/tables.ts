/**
 * Where rack PDUs keep power and energy, by their makers' MIBs. A column has `#` where a row's index goes. All numbers are
 * "not measured" where they are negative: each of these MIBs writes -1 for it.
 */

export type PduVendor = 'apc' | 'raritan' | 'servertech' | 'cyberpower'
export type PartKind = 'inlet' | 'phase' | 'outlet'

export interface Quantity {
  column: string
  /** what the number is multiplied by to be W or J */
  scale: number
  /** a column that says by how many decimal digits the number is too large */
  digits?: string
}

export interface PartTable {
  part: PartKind
  /** the column whose rows the parts are; walked once */
  rows: string
  /** what says which PDU of a chain, or which cord, a part belongs to: so many numbers of its index, or a column */
  unit: number | string
  /** rows of another kind are left out: only those where the column has this number */
  only?: { column: string; is: number }
  name?: string
  power: Quantity
  energy?: Quantity
  off?: { column: string; is: number }
  /** what is wrong, and where the number itself is none */
  status?: { column: string; words: Readonly<Record<number, string>>; unmeasured?: number }
}

export interface PduTable {
  vendor: PduVendor
  /** sysObjectID begins with it */
  below: string
  /** scalars, or the first row's columns */
  about: { model: string; firmware: string; hardwareId: string }
  parts: readonly PartTable[]
}

const ENTERPRISES = '1.3.6.1.4.1'
const WH = 3600
const TENTH_KWH = 360_000

/** PowerNet-MIB, rPDU2 (318.1.1.26): AP8xxx and newer. */
const RPDU2 = `${ENTERPRISES}.318.1.1.26`
const APC_RPDU2: PduTable = {
  vendor: 'apc',
  below: `${ENTERPRISES}.318`,
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
}

/** PowerNet-MIB, rPDU (318.1.1.12): the first generation tells the power of the whole only. */
const RPDU1 = `${ENTERPRISES}.318.1.1.12`
const APC_RPDU1: PduTable = {
  vendor: 'apc',
  below: `${ENTERPRISES}.318`,
  // rPDUIdentModelNumber, rPDUIdentFirmwareRev, rPDUIdentSerialNumber
  about: { model: `${RPDU1}.1.5.0`, firmware: `${RPDU1}.1.3.0`, hardwareId: `${RPDU1}.1.6.0` },
  parts: [
    {
      part: 'inlet',
      rows: `${RPDU1}.1.16`,
      unit: 0,
      power: { column: `${RPDU1}.1.16.#`, scale: 1 }, // rPDUIdentDevicePowerWatts
    },
  ],
}

/**
 * PDU2-MIB (13742.6): Raritan PX2 and newer, and ServerTech PRO4X. Sensors of an inlet or outlet by type: 5 active power in
 * W, 8 active energy in Wh, 14 on or off; SensorStateEnumeration has unavailable(-1).
 */
const PDU2 = `${ENTERPRISES}.13742.6`
const SENSOR_STATES = {
  unmeasured: -1,
  words: {
    2: 'below lower critical',
    3: 'below lower warning',
    5: 'above upper warning',
    6: 'above upper critical',
  },
} as const
const RARITAN: PduTable = {
  vendor: 'raritan',
  below: PDU2,
  // pduModel, boardFirmwareVersion of the main board, pduSerialNumber
  about: {
    model: `${PDU2}.3.2.1.1.3.1`,
    firmware: `${PDU2}.3.2.3.1.6.1.1.1`,
    hardwareId: `${PDU2}.3.2.1.1.4.1`,
  },
  parts: [
    {
      part: 'inlet',
      rows: `${PDU2}.3.3.3.1.2`, // inletLabel
      unit: 1,
      // measurementsInletSensorValue, inletSensorDecimalDigits
      power: { column: `${PDU2}.5.2.3.1.4.#.5`, scale: 1, digits: `${PDU2}.3.3.4.1.7.#.5` },
      energy: { column: `${PDU2}.5.2.3.1.4.#.8`, scale: WH, digits: `${PDU2}.3.3.4.1.7.#.8` },
      status: { column: `${PDU2}.5.2.3.1.3.#.5`, ...SENSOR_STATES }, // measurementsInletSensorState
    },
    {
      part: 'outlet',
      rows: `${PDU2}.3.5.3.1.2`, // outletLabel
      unit: 1,
      name: `${PDU2}.3.5.3.1.3.#`, // outletName
      // measurementsOutletSensorValue, outletSensorDecimalDigits
      power: { column: `${PDU2}.5.4.3.1.4.#.5`, scale: 1, digits: `${PDU2}.3.5.4.1.7.#.5` },
      energy: { column: `${PDU2}.5.4.3.1.4.#.8`, scale: WH, digits: `${PDU2}.3.5.4.1.7.#.8` },
      off: { column: `${PDU2}.5.4.3.1.3.#.14`, is: 8 }, // measurementsOutletSensorState: off(8)
      status: { column: `${PDU2}.5.4.3.1.3.#.5`, ...SENSOR_STATES },
    },
  ],
}

/** Sentry4-MIB (1718.4): ServerTech PRO1 and PRO2. Index unit, cord, outlet. */
const ST4 = `${ENTERPRISES}.1718.4.1`
const SENTRY4: PduTable = {
  vendor: 'servertech',
  below: `${ENTERPRISES}.1718.4`,
  // st4UnitModel, st4SystemFirmwareVersion, st4UnitProductSN
  about: { model: `${ST4}.2.2.1.5.1`, firmware: `${ST4}.1.1.3.0`, hardwareId: `${ST4}.2.2.1.4.1` },
  parts: [
    {
      part: 'inlet',
      rows: `${ST4}.3.3.1.3`,
      unit: 2,
      name: `${ST4}.3.2.1.3.#`, // st4InputCordName
      power: { column: `${ST4}.3.3.1.3.#`, scale: 1 }, // st4InputCordActivePower, W
      energy: { column: `${ST4}.3.3.1.10.#`, scale: TENTH_KWH }, // st4InputCordEnergy
      // st4InputCordActivePowerStatus
      status: {
        column: `${ST4}.3.3.1.4.#`,
        words: { 16: 'power above high warning', 17: 'power above high alarm' },
      },
    },
    {
      part: 'outlet',
      rows: `${ST4}.8.3.1.7`,
      unit: 2,
      name: `${ST4}.8.2.1.3.#`, // st4OutletName
      power: { column: `${ST4}.8.3.1.7.#`, scale: 1 }, // st4OutletActivePower, W
      energy: { column: `${ST4}.8.3.1.14.#`, scale: WH }, // st4OutletEnergy
      off: { column: `${ST4}.8.3.1.1.#`, is: 2 }, // st4OutletState: off(2)
    },
  ],
}

/** Sentry3-MIB (1718.3). An infeed is a phase of a tower's cord, and every outlet has its own: index tower, infeed, outlet. */
const ST3 = `${ENTERPRISES}.1718.3.2`
const SENTRY3: PduTable = {
  vendor: 'servertech',
  below: `${ENTERPRISES}.1718.3`,
  // towerModelNumber, systemVersion, towerProductSN
  about: { model: `${ST3}.1.1.7.1`, firmware: `${ENTERPRISES}.1718.3.1.1.0`, hardwareId: `${ST3}.1.1.6.1` },
  parts: [
    {
      part: 'inlet',
      rows: `${ST3}.2.1.12`,
      unit: 2,
      name: `${ST3}.2.1.3.#`, // infeedName
      power: { column: `${ST3}.2.1.12.#`, scale: 1 }, // infeedPower, W
      energy: { column: `${ST3}.2.1.16.#`, scale: TENTH_KWH }, // infeedEnergy
    },
    {
      part: 'outlet',
      rows: `${ST3}.3.1.14`,
      unit: 2,
      name: `${ST3}.3.1.3.#`, // outletName
      power: { column: `${ST3}.3.1.14.#`, scale: 1 }, // outletPower, W
      energy: { column: `${ST3}.3.1.18.#`, scale: WH }, // outletEnergy
      off: { column: `${ST3}.3.1.5.#`, is: 0 }, // outletStatus: off(0)
    },
  ],
}

/** CPS-MIB (3808.1.1): ePDU (.3) and, in newer firmware, ePDU2 (.6) beside it. */
const CPS = `${ENTERPRISES}.3808.1.1`
const OVERLOADS = { 3: 'near overload', 4: 'overload' } as const
const CYBERPOWER: PduTable = {
  vendor: 'cyberpower',
  below: `${ENTERPRISES}.3808`,
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
}

/** Where a maker has two, the newer stands first: its firmware still fills some of the older one. */
export const PDU_TABLES: readonly PduTable[] = [APC_RPDU2, APC_RPDU1, RARITAN, SENTRY4, SENTRY3, CYBERPOWER]

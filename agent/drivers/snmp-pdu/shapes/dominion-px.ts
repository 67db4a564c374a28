import { JOULES_PER_KWH } from '../../../../protocol/units.ts'

const JOULES_PER_WH = JOULES_PER_KWH / 1000

/**
 * Raritan's first MIB (PDU-MIB), which Eaton puts below its own number too. An index is the inlet or the outlet. Firmware before 2009
 * has no inlets, but the whole unit. Models that can't measure energy show 0 in its columns, or have none.
 * @param root board(1) of the MIB: info .1, outlets .2, unit .3, inlets .20
 */
export const dominionPx = (vendor: string, objectIdPrefix: string, root: string) =>
  ({
    vendor,
    objectIdPrefix,
    about: { firmware: `${root}.1.1.0`, hardwareId: `${root}.1.2.0` }, // firmwareVersion, serialNumber
    parts: [
      {
        part: 'inlet',
        rows: `${root}.20.2.1.9`,
        unit: 0,
        power: { column: `${root}.20.2.1.9.#`, scale: 1 }, // inletActivePower, W
        energy: { column: `${root}.20.2.1.12.#`, scale: JOULES_PER_WH }, // inletActiveEnergy
      },
      {
        part: 'inlet',
        ifNone: true,
        rows: `${root}.3.1.3`,
        unit: 0,
        power: { column: `${root}.3.1.3.#`, scale: 1 }, // unitActivePower, W
      },
      {
        part: 'outlet',
        rows: `${root}.2.2.1.7`,
        unit: 0,
        name: `${root}.2.2.1.2.#`, // outletLabel
        power: { column: `${root}.2.2.1.7.#`, scale: 1 }, // outletActivePower, W
        energy: { column: `${root}.2.2.1.31.#`, scale: JOULES_PER_WH }, // outletWattHours
        off: { column: `${root}.2.2.1.3.#`, is: 0 }, // outletOperationalState: off(0)
      },
    ],
  }) as const

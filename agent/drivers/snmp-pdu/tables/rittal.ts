import { KWH, type PduTable } from './table.ts'

const CMC = '1.3.6.1.4.1.2606.7'
/** cmcIIIVarName, cmcIIIVarScale, cmcIIIVarValueStr, cmcIIIVarValueInt */
const [NAME, SCALE, TEXT, VALUE] = [3, 7, 10, 11].map((column) => `${CMC}.4.2.2.1.${column}`) as [
  string,
  string,
  string,
  string,
]

const power = {
  column: `${VALUE}.<Power.Active.Value>`,
  scale: 1,
  factor: `${SCALE}.<Power.Active.Value>`,
}
const energy = {
  column: `${VALUE}.<Energy.Active.Value>`,
  scale: KWH,
  factor: `${SCALE}.<Energy.Active.Value>`,
}

/** RITTAL-CMC-III-MIB (2606.7): PDU metered, switched and managed. All figures are variables of one table, told apart by their names. */
export default {
  vendor: 'rittal',
  objectIdPrefix: CMC,
  // cmcIIIDevName, cmcIIIUnitFWRev, cmcIIIUnitSerial
  about: { model: `${CMC}.4.1.2.1.2.1`, firmware: `${CMC}.2.4.0`, hardwareId: `${CMC}.2.6.0` },
  parts: [
    { part: 'inlet', rows: NAME, unit: 1, named: /^(Unit|Total)\.Power\.Active\.Value$/, power, energy },
    { part: 'phase', rows: NAME, unit: 1, named: /^(Phase L(\d))\.Power\.Active\.Value$/, power, energy },
    {
      part: 'outlet',
      rows: NAME,
      unit: 1,
      named: /^(Sockets\.Socket (\d+))\.Power\.Active\.Value$/,
      name: `${TEXT}.<General.DescName>`,
      power,
      energy,
      off: { column: `${TEXT}.<General.Status>`, is: 'Off' },
    },
  ],
} satisfies PduTable

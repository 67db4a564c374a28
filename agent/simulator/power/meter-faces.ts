/** What a meter shows: power, negative where it flows out, and its two counters. */
export interface Shown {
  powerW: number
  importedWh: number
  exportedWh: number
}

/** How one model keeps its figures in registers. */
export interface MeterFace {
  /** maker and model, for people */
  name: string
  /** what reads it: `map:` of the driver modbus-meter */
  map: unknown
  /** registers of Modbus function 3 and of function 4 */
  holding: number
  input: number
  write(tables: { holding: Buffer; input: Buffer }, shown: Shown): void
}

/** Schneider iEM3x5x (DOCA0005EN, registers 3060, 3204 and 3208, counted from 1): kW as a float, whole Wh, the high word first. */
export const IEM3000: MeterFace = {
  name: 'Schneider iEM3000',
  map: 'schneider-iem3000',
  holding: 0x0d00,
  input: 0,
  write({ holding }, { powerW, importedWh, exportedWh }) {
    holding.writeFloatBE(powerW / 1000, 2 * 0x0bf3)
    holding.writeBigInt64BE(BigInt(Math.floor(importedWh)), 2 * 0x0c83)
    holding.writeBigInt64BE(BigInt(Math.floor(exportedWh)), 2 * 0x0c87)
  },
}

/** Carlo Gavazzi EM24 with Ethernet (EM24_E1_CP.pdf): 0.1 W and 0.1 kWh in two registers, the low word first, and the model's code. */
export const EM24_E1: MeterFace = {
  name: 'Carlo Gavazzi EM24_E1',
  map: 'carlo-gavazzi-em24-e1',
  holding: 0,
  input: 0x100,
  write({ input }, { powerW, importedWh, exportedWh }) {
    const lowWordFirst = (value: number, address: number) => {
      const whole = Math.trunc(value) >>> 0
      input.writeUInt16BE(whole & 0xffff, 2 * address)
      input.writeUInt16BE(whole >>> 16, 2 * address + 2)
    }
    input.writeUInt16BE(1648, 2 * 0x0b)
    lowWordFirst(powerW * 10, 0x28)
    lowWordFirst(importedWh / 100, 0x34)
    lowWordFirst(exportedWh / 100, 0x4e)
  },
}

const RANGE_W = 2_000_000
const RAW = 9999

/** A meter with a raw scale, as Satec's PM180: 0 to 9999 stand for the whole range of its transformers, and it has no counter here. */
export const RAW_SCALE: MeterFace = {
  name: 'meter with a raw scale',
  map: {
    power: { function: 3, address: 276, type: 'int16', scale: (2 * RANGE_W) / RAW, offset: -RANGE_W },
  },
  holding: 300,
  input: 0,
  write({ holding }, { powerW }) {
    const raw = Math.round(((powerW + RANGE_W) / (2 * RANGE_W)) * RAW)
    holding.writeInt16BE(Math.min(RAW, Math.max(0, raw)), 2 * 276)
  },
}

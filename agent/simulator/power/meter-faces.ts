import {
  face,
  float32,
  float64,
  int16,
  int32,
  int64,
  lowByteFirst,
  lowWordFirst,
  text,
  uint16,
  uint32,
} from './meter-face.ts'

/*
 * Each model that the driver modbus-meter knows, written again from its maker's document or a public project's reader, and not from
 * the driver's map. The source stands beside it.
 */

/** Schneider iEM3x5x (DOCA0005EN, registers 3060, 3204 and 3208, counted from 1): kW as a float, whole Wh, the high word first. */
export const IEM3000 = face(
  { name: 'Schneider iEM3000', map: 'schneider-iem3000' },
  {
    holding: {
      49: text('iEM3155', 20),
      3059: (m) => float32(m.powerW / 1000),
      3203: (m) => int64(m.importedWh),
      3207: (m) => int64(m.exportedWh),
    },
  },
)

/** Schneider PM5100 (PM5000 register list; SolarNetwork, PM5100Register.java): as the iEM3000, by another name. */
export const PM5000 = face(
  { name: 'Schneider PM5110', map: 'schneider-pm5000' },
  {
    holding: {
      49: text('PM5110', 20),
      3059: (m) => float32(m.powerW / 1000),
      3203: (m) => int64(m.importedWh),
      3207: (m) => int64(m.exportedWh),
    },
  },
)

/** Registers that two models of Carlo Gavazzi share. @param code what the model says that it is */
const carloGavazzi = (code: number): Parameters<typeof face>[1] => ({
  input: {
    11: uint16(code),
    40: (m) => lowWordFirst(int32(m.powerW * 10)),
    52: (m) => lowWordFirst(int32(m.importedWh / 100)),
    78: (m) => lowWordFirst(int32(m.exportedWh / 100)),
  },
})

/** Carlo Gavazzi EM24 with Ethernet (EM24_E1_CP.pdf): 0.1 W and 0.1 kWh in two registers, the low word first, and the model's code. */
export const EM24_E1 = face(
  { name: 'Carlo Gavazzi EM24_E1', map: 'carlo-gavazzi-em24-e1' },
  carloGavazzi(1648),
)

/** The classic Carlo Gavazzi EM24 (ccontrols.com, CarloGavazziEM24.pdf): 0x34 and 0x35 are power factors, the counters 0x42 and 0x5C. */
export const EM24_RS485 = face(
  { name: 'Carlo Gavazzi EM24', map: 'carlo-gavazzi-em24-rs485' },
  {
    input: {
      11: uint16(71),
      40: (m) => lowWordFirst(int32(m.powerW * 10)),
      52: uint16(983),
      53: (m) => uint16(980 + (Math.abs(m.powerW) % 4)),
      66: (m) => lowWordFirst(int32(m.importedWh / 100)),
      92: (m) => lowWordFirst(int32(m.exportedWh / 100)),
    },
  },
)

/** Carlo Gavazzi EM340 (EM330_EM340_ET330_ET340_CP.pdf): W sys 0x28, kWh(+) TOT 0x34, kWh(-) TOT 0x4E. */
export const EM340 = face({ name: 'Carlo Gavazzi EM340', map: 'carlo-gavazzi-em3x0' }, carloGavazzi(341))

/** Eastron SDM630 (SDM630Register.pdf, 30053, 30073 and 30075): floats of W and of kWh with two decimals. */
export const SDM630 = face(
  { name: 'Eastron SDM630', map: 'eastron-sdm630' },
  {
    input: {
      52: (m) => float32(m.powerW),
      72: (m) => float32(Math.floor(m.importedWh / 10) / 100),
      74: (m) => float32(Math.floor(m.exportedWh / 10) / 100),
    },
  },
)

/** ABB B23 (B-series user manual; mbmd, issue 210): 0.01 W, and 0.01 kWh in four registers. */
export const ABB_B23 = face(
  { name: 'ABB B23', map: 'abb-b2x' },
  {
    holding: {
      20480: (m) => int64(m.importedWh / 10),
      20484: (m) => int64(m.exportedWh / 10),
      23316: (m) => int32(m.powerW * 100),
      35168: text('B23 ', 2),
    },
  },
)

/** Socomec Countis E44 (JBUS common table 1.01; mbmd, socomec.go; OpenEMS, AbstractSocomecMeter.java): 0.01 kW and whole kWh. */
export const COUNTIS_E44 = face(
  { name: 'Socomec Countis E44', map: 'socomec-countis-e3x' },
  {
    holding: {
      50058: text('COUNTIS E44', 8),
      50536: (m) => int32(m.powerW / 10),
      50770: (m) => uint32(m.importedWh / 1000),
      50776: (m) => uint32(m.exportedWh / 1000),
    },
  },
)

/** Socomec Diris B-30 (OpenEMS, SocomecMeterThreephaseImpl.java, protocolDirisB30): W and whole kWh. */
export const DIRIS_B30 = face(
  { name: 'Socomec Diris B30', map: 'socomec-diris-b30' },
  {
    holding: {
      18476: (m) => int32(m.powerW),
      19843: (m) => uint32(m.importedWh / 1000),
      19846: (m) => uint32(m.exportedWh / 1000),
      50058: text('DIRIS B30', 8),
    },
  },
)

/** Shelly Pro 3EM (victronenergy/dbus-modbus-client, shelly.py: less 30000): floats, the low word first, its name the low byte first. */
export const SHELLY_PRO_3EM = face(
  { name: 'Shelly Pro 3EM', map: 'shelly-pro-3em' },
  {
    input: {
      6: lowByteFirst(text('SPEM-003CEBEU', 10)),
      1013: (m) => lowWordFirst(float32(m.powerW)),
      1162: (m) => lowWordFirst(float32(m.importedWh)),
      1164: (m) => lowWordFirst(float32(m.exportedWh)),
    },
  },
)

/** Siemens SENTRON PAC2200 (its manual by way of mbmd, pac2200.go): a float of W, doubles of Wh. */
export const PAC2200 = face(
  { name: 'Siemens PAC2200', map: 'siemens-pac2200' },
  {
    holding: {
      65: (m) => float32(m.powerW),
      801: (m) => float64(m.importedWh),
      809: (m) => float64(m.exportedWh),
    },
  },
)

/** Janitza UMG 96RM-E (its address list; OpenEMS, MeterJanitzaUmg96rmeImpl.java): floats of W and Wh, coarser the more it has counted. */
export const UMG96RM = face(
  { name: 'Janitza UMG 96RM', map: 'janitza-umg96rm' },
  {
    holding: {
      19026: (m) => float32(m.powerW),
      19068: (m) => float32(m.importedWh),
      19076: (m) => float32(m.exportedWh),
    },
  },
)

/** A chain of SunSpec models from 40000 on: the letters, the common model, a meter, the end. @param meter its points, by offset */
const sunSpec = (id: number, length: number, meter: Parameters<typeof face>[1]['holding']) => ({
  holding: {
    40000: text('SunS', 2),
    40002: Buffer.concat([
      uint16(1),
      uint16(66),
      text('Veris Industries', 16),
      text('E51C2', 16),
      text('', 8),
      text('2.007', 8),
      text('4E3A0001', 16),
    ]),
    40070: Buffer.concat([uint16(id), uint16(length)]),
    ...Object.fromEntries(Object.entries(meter ?? {}).map(([at, entry]) => [40_072 + Number(at), entry])),
    [40_072 + length]: Buffer.concat([uint16(0xffff), uint16(0)]),
  },
})

/** SunSpec model 203, three-phase wye (its information models, smdx_00203.xml): whole numbers with scale factors. */
export const SUNSPEC_203 = face(
  { name: 'SunSpec meter, model 203', map: 'sunspec' },
  sunSpec(203, 105, {
    16: (m) => int16(m.powerW / 100),
    20: int16(2),
    36: (m) => uint32(m.exportedWh / 10),
    44: (m) => uint32(m.importedWh / 10),
    52: int16(1),
  }),
)

/** SunSpec model 213, the same with floats (smdx_00213.xml). */
export const SUNSPEC_213 = face(
  { name: 'SunSpec meter, model 213', map: 'sunspec' },
  sunSpec(213, 124, {
    26: (m) => float32(m.powerW),
    58: (m) => float32(m.exportedWh),
    66: (m) => float32(m.importedWh),
  }),
)

const RANGE_W = 2_000_000
const RAW = 9999

/** A meter with a raw scale, as Satec's PM180: 0 to 9999 stand for the whole range of its transformers, and it has no counter here. */
export const RAW_SCALE = face(
  {
    name: 'meter with a raw scale',
    map: {
      power: { function: 3, address: 276, type: 'int16', scale: (2 * RANGE_W) / RAW, offset: -RANGE_W },
    },
  },
  {
    holding: {
      276: ({ powerW }) =>
        int16(Math.min(RAW, Math.max(0, Math.round(((powerW + RANGE_W) / (2 * RANGE_W)) * RAW)))),
    },
  },
)

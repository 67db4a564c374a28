import { defined } from '../../../protocol/kit/defined.ts'
import { fieldsOf, findText, jsonIn } from '../../gpu/smi-output.ts'
import { gpuState } from '../../gpu/state.ts'
import type { Reading } from '../../plugin/reading.ts'
import { isRow, rowsOf } from '../../wire/loose-json/fields.ts'

const MIB = 2 ** 20
/** a row of xpu-smi's tables has about a hundred characters */
const MAX_LINE = 400

/** xpu-smi's values for one GPU, by the name of the column or row in lower case, such as `gpu power (w)`. */
type Values = ReadonlyMap<string, number>

/** The identities of `xpu-smi discovery -j`, by device id. */
export function xpuIdentities(text: string): Map<number, Reading['identity']> {
  const json = jsonIn(text)
  return new Map(
    (isRow(json) ? rowsOf(json, 'device_list') : []).flatMap((row): [number, Reading['identity']][] => {
      const fields = fieldsOf(row)
      const id = Number(findText(fields, /^device_id$/))
      const identity = defined({
        kind: 'gpu' as const,
        model: findText(fields, /^device_name$/),
        // on many boards the uuid is the same for every board of a model
        hardwareId: findText(fields, /^pci_bdf_address$/, /^uuid$/),
      })
      return Number.isInteger(id) ? [[id, identity]] : []
    }),
  )
}

/** The values in `dump` (comma separated) or `stats` (a table), by device id. The last of several rows counts. */
export function xpuValues(text: string): Map<number, Values> {
  return /^\s*Timestamp,/m.test(text) ? dumpValues(text) : tableValues(text)
}

/** Reads `dump`. Tiles would have rows of their own with a `TileId`, but this driver doesn't ask for them. */
function dumpValues(text: string): Map<number, Values> {
  const lines = text.slice(text.search(/^\s*Timestamp,/m)).split('\n')
  const names = namesIn(lines[0] ?? '')
  const devices = new Map<number, Values>()
  for (const line of lines.slice(1)) {
    const cells = line.split(',').map((cell) => cell.trim())
    const id = cells[names.indexOf('deviceid')] ?? ''
    if (cells.length !== names.length || !/^\d{1,4}$/.test(id)) continue
    const values = new Map<string, number>()
    for (const [i, cell] of cells.entries())
      if (/^\d{1,15}(\.\d+)?$/.test(cell)) values.set(names[i] ?? '', Number(cell))
    devices.set(Number(id), values)
  }
  return devices
}

/** Reads `stats`. A long row continues on lines without a name; a tile's value reads `Tile 0: avg: 44, current: 44`. */
function tableValues(text: string): Map<number, Values> {
  const devices = new Map<number, Map<string, number>>()
  let values: Map<string, number> | undefined
  for (const line of text.split('\n')) {
    if (line.length > MAX_LINE) continue
    const [, name, value] = /^\| (.{0,60}?) *\| (.*?) *\|$/.exec(line.trim()) ?? []
    if (name === undefined || value === undefined) continue
    const number =
      /(?:current|total): (\d+(?:\.\d+)?)$/.exec(value) ?? /^(?:Tile \d+: )?(\d+(?:\.\d+)?)$/.exec(value)
    if (!number) continue
    if (/^Device ID$/i.test(name)) {
      values = new Map()
      devices.set(Number(number[1]), values)
    } else values?.set(name.toLowerCase(), Number(number[1]))
  }
  return devices
}

/**
 * The columns of each quantity. Version 1 and its tables use words; version 2 uses names like nvidia-smi's
 * (intel.github.io/xpumanager/2.0/xpu-smi/dump.html).
 */
const COLUMNS = {
  power: /^(gpu power|power\.draw) \(w\)$/,
  powerLimit: /^power\.limit \(w\)$/,
  // version 2's `energy.consumed (J)` is not here: it counts the GPU's own domain, while its `power.draw` is the whole card's
  energy: /^gpu energy consumed \(j\)$/,
  utilization: /^(average % utilization of( all gpu engines)?|gpu utilization \(%\)|utilization\.gpu \(%\))$/,
  memoryUsed: /^(gpu memory used|memory\.used) \(mib\)$/,
  memoryTotal: /^memory\.total \(mib\)$/,
  temp: /^(gpu core temperature|temperature\.gpu\b)/,
  memoryTemp: /^(gpu memory temperature|temperature\.memory\b)/,
  clock: /^(gpu frequency|(clocks?|frequency)\.(current\.)?(gpu|graphics|gr|gfx)) \(mhz\)$/,
} as const

const value = (values: Values, column: keyof typeof COLUMNS): number | undefined =>
  [...values].find(([name]) => COLUMNS[column].test(name))?.[1]

/**
 * What is missing from a page whose columns this driver doesn't know, with what to do; undefined where all is well. A later version
 * of xpu-smi may name them otherwise.
 */
export function unknownColumns(text: string): string | undefined {
  const [, head] = /^\s*(Timestamp,.*)$/m.exec(text) ?? []
  if (head === undefined) return undefined
  const names = namesIn(head).filter((name) => !/^(timestamp|deviceid|tileid)$/.test(name))
  const known = names.filter((name) => Object.values(COLUMNS).some((column) => column.test(name)))
  const missing =
    known.length === 0
      ? 'none is known'
      : names.some((name) => COLUMNS.power.test(name))
        ? ''
        : 'none is power'
  if (missing === '') return undefined
  return `of xpu-smi's columns ${names.join(', ') || '(no columns)'} ${missing}; update the agent`.slice(
    0,
    256,
  )
}

/** What is wrong with a GPU of which no known column has a value, with what to do; undefined where one has. */
export function withoutValues(text: string, index: number, values: Values): string | undefined {
  const columns = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]
  // of unknown columns `unknownColumns` tells
  if (columns.some((column) => value(values, column) !== undefined) || unknownColumns(text)) return undefined
  return `xpu-smi has no value of gpu${index} in any column that is known (such as Not Supported or N/A): run xpu-smi dump by hand, as root, and check the version of its driver`
}

const namesIn = (head: string): string[] => head.split(',').map((name) => name.trim().toLowerCase())

/** @param index xpu-smi's device id */
export function xpuReading(
  index: number,
  values: Values,
  identity: Reading['identity'] | undefined,
): Reading {
  const powerW = value(values, 'power') || undefined
  const percent = value(values, 'utilization')
  const utilizationRatio = percent === undefined ? undefined : percent / 100
  const energyJ = value(values, 'energy')
  return {
    part: `gpu${index}`,
    identity: identity ?? { kind: 'gpu' },
    sample: defined({
      state: gpuState(utilizationRatio),
      powerW,
      powerBasis: powerW === undefined ? undefined : ('reported' as const),
      powerLimitW: value(values, 'powerLimit'),
      utilizationRatio,
      memoryUsedBytes: times(value(values, 'memoryUsed'), MIB),
      memoryTotalBytes: times(value(values, 'memoryTotal'), MIB),
      tempC: value(values, 'temp'),
      memoryTempC: value(values, 'memoryTemp'),
      smClockHz: times(value(values, 'clock'), 1e6),
    }),
    ...(energyJ !== undefined && { counters: { energyJ } }),
  }
}

const times = (number: number | undefined, unit: number): number | undefined =>
  number === undefined ? undefined : number * unit

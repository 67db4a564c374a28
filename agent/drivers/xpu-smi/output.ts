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
  const names = (lines[0] ?? '').split(',').map((name) => name.trim().toLowerCase())
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

const value = (values: Values, pattern: RegExp): number | undefined =>
  [...values].find(([name]) => pattern.test(name))?.[1]

/** @param index xpu-smi's device id */
export function xpuReading(
  index: number,
  values: Values,
  identity: Reading['identity'] | undefined,
): Reading {
  const powerW = value(values, /^gpu power \(w\)$/) || undefined
  const percent = value(values, /^(average % utilization of( all gpu engines)?|gpu utilization \(%\))$/)
  const utilizationRatio = percent === undefined ? undefined : Math.min(1, percent / 100)
  const memoryUsedMiB = value(values, /^gpu memory used \(mib\)$/)
  const energyJ = value(values, /^gpu energy consumed \(j\)$/)
  const frequencyMHz = value(values, /^gpu frequency \(mhz\)$/)
  return {
    part: `gpu${index}`,
    identity: identity ?? { kind: 'gpu' },
    sample: defined({
      state: gpuState(utilizationRatio),
      powerW,
      powerBasis: powerW === undefined ? undefined : ('reported' as const),
      utilizationRatio,
      memoryUsedBytes: memoryUsedMiB === undefined ? undefined : memoryUsedMiB * MIB,
      tempC: value(values, /^gpu core temperature/),
      memoryTempC: value(values, /^gpu memory temperature/),
      smClockHz: frequencyMHz === undefined ? undefined : frequencyMHz * 1e6,
    }),
    ...(energyJ !== undefined && { counters: { energyJ } }),
  }
}

import { defined } from '../../../protocol/kit/defined.ts'
import { fieldsOf, findText, jsonIn } from '../../gpu/smi-output.ts'
import { gpuState } from '../../gpu/state.ts'
import type { Reading } from '../../plugin/reading.ts'
import { isRow, rowsOf } from '../../wire/loose-json/fields.ts'

const MIB = 2 ** 20
/** a row of its tables has about a hundred characters */
const MAX_LINE = 400

/** What xpu-smi measured of one GPU, each value by its column or row: `gpu power (w)`. */
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
        // the uuid of many boards is the model's, the same for each
        hardwareId: findText(fields, /^pci_bdf_address$/, /^uuid$/),
      })
      return Number.isInteger(id) ? [[id, identity]] : []
    }),
  )
}

/** The GPUs of `dump` (comma separated) or `stats` (a table), by device id: of a series of rows the last one. */
export function xpuValues(text: string): Map<number, Values> {
  return /^\s*Timestamp,/m.test(text) ? dumpValues(text) : tableValues(text)
}

/** The tiles of a device come in rows of their own where they are asked for; the whole has no `TileId`. */
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

/** Rows are broken over several lines, which then have an empty second cell; tiles say `Tile 0: avg: 44, current: 44`. */
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

/** What must have been drawn between two readings before the counter is judged by it, J. */
const JUDGED_FROM_J = 50

/**
 * The manual doesn't say since when xpu-smi counts `GPU Energy Consumed (J)`. A counter that grows by less than a quarter of
 * what the watts make counts since it was last asked, or not at all: it is left out from then on, and the watts are integrated.
 */
export class EnergyCheck {
  readonly #last = new Map<string, { energyJ: number; steadyMs: number }>()
  readonly #refuted = new Set<string>()

  checked(reading: Reading, steadyMs: number): Reading {
    const { part = '', counters, sample, ...rest } = reading
    const energyJ = counters?.energyJ
    if (energyJ === undefined) return reading
    const last = this.#last.get(part)
    const drawnJ = last ? ((sample.powerW ?? 0) * (steadyMs - last.steadyMs)) / 1000 : 0
    if (last && drawnJ > JUDGED_FROM_J && energyJ - last.energyJ < drawnJ / 4) this.#refuted.add(part)
    if (!last || drawnJ > JUDGED_FROM_J) this.#last.set(part, { energyJ, steadyMs })
    return this.#refuted.has(part) ? { part, sample, ...rest } : reading
  }
}

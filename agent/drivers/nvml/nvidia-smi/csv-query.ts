import type { GpuSnapshot } from '../../../gpu/reading.ts'
import { lostIn, name, quantity, recovery } from './values.ts'

/** The fields of the query, each with the names that versions of nvidia-smi gave it; the first name that is listed is used. */
const FIELDS = {
  index: ['index'],
  uuid: ['uuid', 'gpu_uuid'],
  model: ['name', 'gpu_name'],
  driverVersion: ['driver_version'],
  count: ['count'],
  // the average over 1 s where the GPU has one, else instantaneous
  power: ['power.draw'],
  powerInstant: ['power.draw.instant', 'gpu.power.draw.instant'],
  powerLimit: ['enforced.power.limit', 'gpu.power.current_limit', 'power.limit'],
  utilization: ['utilization.gpu'],
  memoryUsed: ['memory.used'],
  memoryTotal: ['memory.total'],
  temp: ['temperature.gpu'],
  memoryTemp: ['temperature.memory'],
  smClock: ['clocks.current.sm', 'clocks.sm'],
  memoryClock: ['clocks.current.memory', 'clocks.mem'],
  fan: ['fan.speed'],
  eccCorrected: ['ecc.errors.corrected.volatile.total'],
  eccUncorrected: ['ecc.errors.uncorrected.volatile.total'],
  recoveryAction: ['gpu_recovery_action'],
} as const
type Field = keyof typeof FIELDS

/** The columns of a query, in order: our field, and this nvidia-smi's name for it. */
export type Columns = readonly { field: Field; asked: string }[]

/**
 * The columns to query, chosen from those that `nvidia-smi --help-query-gpu` lists (in lines such as `"uuid" or "gpu_uuid"`). A
 * single unknown name makes nvidia-smi refuse the whole query.
 */
export function columnsOf(help: string): Columns {
  const listed = new Set(
    [...help.matchAll(/^"[^\n]*$/gm)].flatMap(([line]) => [...line.matchAll(/"([^"]+)"/g)].map((m) => m[1])),
  )
  return (Object.keys(FIELDS) as Field[]).flatMap((field) => {
    const asked = FIELDS[field].find((alias) => listed.has(alias))
    return asked === undefined ? [] : [{ field, asked }]
  })
}

export interface Row {
  gpu: GpuSnapshot
  /** number of GPUs in the machine */
  count: number | undefined
}

/** A figure with its unit, where the query prints units. */
const WITH_UNIT = /^-?\d+(\.\d+)? *(W|MiB|MHz|%)$/

/**
 * Reads a line of `--format=csv,noheader`, with or without units. Undefined where the line is a message instead, or has a column too
 * few or too many: whose the others are is then unknown. A figure with another unit than its column's, or without, is none.
 */
export function rowOf(line: string, columns: Columns): Row | undefined {
  const texts = line.split(',').map((text) => text.trim())
  if (texts.length !== columns.length) return undefined
  const of = (field: Field) => texts[columns.findIndex((c) => c.field === field)]
  const hasUnits = texts.some((text) => WITH_UNIT.test(text))
  const measured = (field: Field, unit: 'W' | 'MiB' | 'MHz' | '%') => {
    const text = of(field)
    return hasUnits && !WITH_UNIT.test(text ?? '') ? undefined : quantity(text, unit)
  }
  const index = quantity(of('index'))
  if (index === undefined) return undefined
  const lost = lostIn(texts)
  return {
    count: quantity(of('count')),
    gpu: {
      index,
      uuid: name(of('uuid')),
      model: name(of('model')),
      firmware: name(of('driverVersion')),
      powerW: measured('power', 'W'),
      powerInstantW: measured('powerInstant', 'W'),
      powerLimitW: measured('powerLimit', 'W'),
      utilizationRatio: measured('utilization', '%'),
      memoryUsedBytes: measured('memoryUsed', 'MiB'),
      memoryTotalBytes: measured('memoryTotal', 'MiB'),
      tempC: quantity(of('temp'), 'C'),
      memoryTempC: quantity(of('memoryTemp'), 'C'),
      smClockHz: measured('smClock', 'MHz'),
      memoryClockHz: measured('memoryClock', 'MHz'),
      fanRatio: measured('fan', '%'),
      eccCorrectedErrors: quantity(of('eccCorrected')),
      eccUncorrectedErrors: quantity(of('eccUncorrected')),
      faults: [...(lost ? [lost] : []), ...recovery(of('recoveryAction'))],
      dead: lost !== undefined,
    },
  }
}

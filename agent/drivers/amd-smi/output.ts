import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { amdHardwareId } from '../../gpu/amd-tools.ts'
import { type Fields, fieldsOf, findNumber, findText, jsonIn } from '../../gpu/smi-output.ts'
import type { Reading } from '../../plugin/driver.ts'
import type { GpuProcess } from '../../tenancy/gpu-use.ts'
import type { Row } from '../../wire/cgminer-text.ts'
import { isRow, rowsOf } from '../../wire/loose-json.ts'
import { amdTextRows } from './text.ts'

/** The names of the values drift with every release of ROCm, and so does the shape around them: they are found by meaning. */

/**
 * amd-smi's records by GPU index: a list, `{ gpu_data: [...] }`, or text.
 * @param what what was asked, for the error
 * @throws PerwattError `malformed`
 */
export function amdGpus(text: string, what: string): Map<number, Row> {
  const json = jsonIn(text)
  const rows = Array.isArray(json) ? json : isRow(json) ? rowsOf(json, 'gpu_data') : amdTextRows(text)
  const gpus = new Map<number, Row>()
  for (const row of rows.filter(isRow)) {
    const index = findNumber(fieldsOf(row), '', /^gpu(_id|_index)?$/) ?? Number.NaN
    if (Number.isInteger(index) && index < 1024) gpus.set(index, row)
  }
  if (gpus.size === 0)
    throw new PerwattError(
      'malformed',
      `${what} names no GPU; run it by hand, and check that the driver amdgpu is loaded`,
    )
  return gpus
}

/** What `amd-smi static` says: what stays. */
export interface AmdStatic {
  identity: Reading['identity']
  powerLimitW?: number
  memoryTotalBytes?: number
  /** the chip that the GPU is, or is a partition of */
  serial?: string
  /** 0 for the first partition of a chip, and for a chip that is not divided */
  partition?: number
}

export function amdStatic(row: Row): AmdStatic {
  const fields = fieldsOf(row)
  const serial = amdHardwareId(findText(fields, /^asic\.asic_serial$/))
  const bdf = findText(fields, /^bus\.bdf$/, /^bdf$/)
  return defined({
    identity: defined({
      kind: 'gpu' as const,
      model: findText(fields, /^asic\.market_name$/, /^board\.product_name$/),
      firmware: findText(fields, /^driver\.(driver_)?version$/),
      hardwareId: serial ?? findText(fields, /^(asic\.)?uuid$/) ?? bdf,
    }),
    powerLimitW: findNumber(
      fields,
      'W',
      /^limit\.(ppt0?\.)?socket_power(_limit)?$/,
      /^limit\.(ppt0?\.)?(current_)?power_(limit|cap)$/,
      /^limit\.(ppt0?\.)?max_power(_limit)?$/,
    ),
    memoryTotalBytes: findNumber(fields, 'MB', /^vram\.(size|vram_size_mb)$/),
    serial,
    partition: findNumber(fields, '', /^partition\.partition_id$/),
  })
}

/** What `amd-smi metric` says of the chip's power; absent where it says none. */
export function amdPower(row: Row): { powerW?: number; energyJ?: number } {
  const fields = fieldsOf(row)
  return defined({
    powerW: powerOf(fields),
    energyJ: findNumber(fields, 'J', /^energy\.total_energy(_consumption)?$/),
  })
}

/** What it says beside the power, and `monitor` in fewer words. */
export function amdMetrics(row: Row): Omit<Reading['sample'], 'state'> {
  const fields = fieldsOf(row)
  const utilizationRatio = findNumber(
    fields,
    '%',
    /^usage\.gfx_(activity|usage|util)$/,
    /^gfx(_util|_activity)?%?$/,
  )
  const temps = [
    findNumber(fields, 'C', /^temperature\.edge(_temperature)?$/),
    findNumber(
      fields,
      'C',
      /^temperature\.(hotspot|junction)(_temperature)?$/,
      /^(gpu|hotspot|junction)_temp(erature)?$/,
    ),
  ].filter((t) => t !== undefined)
  const clock = (name: string) =>
    findNumber(
      fields,
      'MHz',
      new RegExp(`^clock\\.${name}(_0)?\\.(clk|cur_clk|current)$`),
      new RegExp(`^${name}_clock$`),
    )
  return defined({
    utilizationRatio: utilizationRatio === undefined ? undefined : Math.min(1, utilizationRatio),
    memoryUsedBytes: findNumber(fields, 'MB', MEMORY('used')),
    memoryTotalBytes: findNumber(fields, 'MB', MEMORY('total')),
    tempC: temps.length > 0 ? Math.max(...temps) : undefined,
    memoryTempC: findNumber(
      fields,
      'C',
      /^temperature\.(mem|memory|vram)(_temperature)?$/,
      /^(mem|memory|vram)_temp(erature)?$/,
    ),
    fanRpm: findNumber(fields, 'RPM', /^fan\.rpm$/),
    fanRatio: findNumber(fields, '%', /^fan\.usage$/),
    smClockHz: clock('gfx'),
    memoryClockHz: clock('mem'),
    eccCorrectedErrors: findNumber(fields, '', /^ecc\.total_correctable_count$/),
    eccUncorrectedErrors: findNumber(fields, '', /^ecc\.total_uncorrectable_count$/),
  })
}

const MEMORY = (which: 'used' | 'total') =>
  new RegExp(`^((mem_usage|vram_usage|fb_usage|vram)\\.)?(${which}_vram|(vram|fb)_${which})$`)

/** No GPU that answers draws 0 W: a partition that has no sensor of its own says so. */
const powerOf = (fields: Fields): number | undefined =>
  findNumber(
    fields,
    'W',
    /^power\.(current_)?socket_power$/,
    /^power\.average_socket_power$/,
    /^power\.(current_power|average_power|power_usage)$/,
    /^power(_usage)?$/,
  ) || undefined

/** The processes that `amd-smi process` names for one GPU, wherever in the record they stand. */
export function amdProcesses(record: unknown): GpuProcess[] {
  if (Array.isArray(record)) return record.flatMap(amdProcesses)
  if (!isRow(record)) return []
  const fields = fieldsOf(record)
  const pid = findNumber(fields, '', /^pid$/)
  if (pid === undefined) return Object.values(record).flatMap(amdProcesses)
  const occupancy = fields.get('cu_occupancy')
  return [
    defined({
      pid,
      memoryUsedBytes: findNumber(fields, 'B', /(^|\.)vram_mem$/, /^mem(_usage)?$/),
      // a bare number is a count of compute units, of nobody says how many
      smRatio:
        isRow(occupancy) && occupancy['unit'] === '%' ? findNumber(fields, '%', /^cu_occupancy$/) : undefined,
    }),
  ]
}

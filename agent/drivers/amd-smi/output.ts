import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { amdHardwareId } from '../../gpu/amd-tools.ts'
import { pciSlot } from '../../gpu/packages.ts'
import { type Fields, fieldsOf, findNumber, findText, jsonIn } from '../../gpu/smi-output.ts'
import type { Reading } from '../../plugin/reading.ts'
import type { GpuProcess } from '../../tenancy/gpu-use.ts'
import { isRow, type Row, rowsOf } from '../../wire/loose-json/fields.ts'
import { amdTextRows } from './text.ts'

/* Names and nesting of amd-smi's values change with every release of ROCm, so each value has patterns for all known names. */

/**
 * amd-smi's records by GPU index. The output is a JSON list, `{ gpu_data: [...] }`, or text.
 * @param what the command, for the error text
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

/** Values of `amd-smi static`, which don't change while the machine runs. */
export interface AmdStatic {
  identity: Reading['identity']
  powerLimitW?: number
  memoryTotalBytes?: number
  /** serial number of the chip; the partitions of one chip share it */
  serial?: string
  /** PCI address, in lower case */
  pci?: string
  /** PCI address without the function, which tells the partitions of a chip apart */
  slot?: string
  /** number of the partition in its chip */
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
    pci: bdf?.toLowerCase(),
    slot: pciSlot(bdf),
    partition: findNumber(fields, '', /^partition\.partition_id$/),
  })
}

/** Power and energy counter of a chip in `amd-smi metric`. */
export function amdPower(row: Row): { powerW?: number; energyJ?: number } {
  const fields = fieldsOf(row)
  return defined({
    powerW: powerOf(fields),
    energyJ: findNumber(fields, 'J', /^energy\.total_energy(_consumption)?$/),
  })
}

/** All other figures in `amd-smi metric`, or in `amd-smi monitor` with its shorter names. */
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
    utilizationRatio,
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

/** 0 W means "no sensor": a GPU that answers draws power, but a partition may have no sensor of its own. */
const powerOf = (fields: Fields): number | undefined =>
  findNumber(
    fields,
    'W',
    /^power\.(current_)?socket_power$/,
    /^power\.average_socket_power$/,
    /^power\.(current_power|average_power|power_usage)$/,
    /^power(_usage)?$/,
  ) || undefined

/** The processes in a GPU's record of `amd-smi process`, at any depth. */
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
      // a number without a unit counts compute units, and the total is unknown
      smRatio:
        isRow(occupancy) && occupancy['unit'] === '%' ? findNumber(fields, '%', /^cu_occupancy$/) : undefined,
    }),
  ]
}

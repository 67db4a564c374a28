import { defined } from '../../../../protocol/kit/defined.ts'
import { slicesOfSms, wholeSlices } from '../../../gpu/mig-slices.ts'
import type { GpuSnapshot } from '../../../gpu/reading.ts'
import type { GpuInstance, GpuProcess } from '../../../tenancy/gpu-use.ts'
import { lostIn, name, quantity, recovery } from './values.ts'
import { all, type Element, parseXml, textAt } from './xml.ts'

/** The newest schema that this reader was written for, as in `nvsmi_device_v12.dtd`. Drivers before 440 name no schema. */
const NEWEST_SCHEMA = 12

export interface SmiLog {
  gpus: GpuSnapshot[]
  /** where the schema is newer than this reader and lacks elements that this reader needs: its name, and theirs */
  unknownSchema?: { name: string; missing: string[] }
}

/** What every schema so far has, with a value or without. A newer schema that has it all is read wholly. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  uuid: ['uuid'],
  product_name: ['product_name'],
  power: ['gpu_power_readings', 'power_readings'].flatMap((group) =>
    ['average_power_draw', 'instant_power_draw', 'power_draw'].map((name) => `${group}/${name}`),
  ),
  'fb_memory_usage/used': ['fb_memory_usage/used'],
  processes: ['processes'],
}

/** What no GPU of a log has: one GPU may lack what another has. */
const missingIn = (gpus: readonly Element[]): string[] =>
  Object.entries(NEEDED).flatMap(([name, paths]) =>
    gpus.some((gpu) => paths.some((path) => all(gpu, path).length > 0)) ? [] : [name],
  )

/**
 * Reads the output of `nvidia-smi -q -x`. Power is in `power_readings` up to driver 525 and in `gpu_power_readings` from 535;
 * from 570 it is given as average and instantaneous power.
 */
export function readLog(text: string): SmiLog {
  const [root] = all(parseXml(text), 'nvidia_smi_log')
  const schema = /<!DOCTYPE[^>]*nvsmi_device_v(\d+)\.dtd/.exec(text)?.[1]
  // schema 13 has both, and means to drop the first
  const driverVersion = root && name(textAt(root, 'driver_version', 'kmd_version'))
  const gpus = root ? all(root, 'gpu') : []
  const missing = gpus.length > 0 ? missingIn(gpus) : []
  const isNewer = schema !== undefined && Number(schema) > NEWEST_SCHEMA
  return defined({
    gpus: gpus.map((gpu, index) => gpuOf(gpu, index, driverVersion)),
    unknownSchema: isNewer && missing.length > 0 ? { name: `nvsmi_device_v${schema}`, missing } : undefined,
  })
}

const POWER = ['gpu_power_readings', 'power_readings']
const under = (...names: readonly string[]) => POWER.flatMap((group) => names.map((n) => `${group}/${n}`))

function gpuOf(gpu: Element, index: number, firmware: string | undefined): GpuSnapshot {
  const at = (...paths: readonly string[]) => textAt(gpu, ...paths)
  const lost = lostIn([at('fb_memory_usage/used') ?? '', at('uuid') ?? '', at('temperature/gpu_temp') ?? ''])
  return {
    index,
    uuid: name(at('uuid')),
    model: name(at('product_name')),
    firmware,
    // 570 and newer: the average is missing where the GPU has only instantaneous power
    powerW: [...under('average_power_draw', 'power_draw', 'instant_power_draw')]
      .map((path) => quantity(at(path), 'W'))
      .find((watts) => watts !== undefined),
    powerInstantW: quantity(at(...under('instant_power_draw')), 'W'),
    powerLimitW: quantity(at(...under('current_power_limit', 'enforced_power_limit', 'power_limit')), 'W'),
    utilizationRatio: quantity(at('utilization/gpu_util'), '%'),
    memoryUsedBytes: quantity(at('fb_memory_usage/used'), 'MiB'),
    memoryTotalBytes: quantity(at('fb_memory_usage/total'), 'MiB'),
    tempC: quantity(at('temperature/gpu_temp'), 'C'),
    memoryTempC: quantity(at('temperature/memory_temp'), 'C'),
    smClockHz: quantity(at('clocks/sm_clock'), 'MHz'),
    memoryClockHz: quantity(at('clocks/mem_clock'), 'MHz'),
    fanRatio: quantity(at('fan_speed'), '%'),
    eccCorrectedErrors: errors(gpu, /_correctable$/, 'single_bit'),
    eccUncorrectedErrors: errors(gpu, /_uncorrectable(_parity|_secded)?$/, 'double_bit'),
    processes: all(gpu, 'processes/process_info').flatMap(processOf),
    ...instances(gpu, name(at('product_name'))),
    faults: [...(lost ? [lost] : []), ...recovery(at('gpu_recovery_action'))],
    dead: lost !== undefined,
  }
}

/** Before schema 11 the log has totals for single and double bit errors; since then counts for each memory and kind of error. */
function errors(gpu: Element, counts: RegExp, bits: string): number | undefined {
  const [volatile] = all(gpu, 'ecc_errors/volatile')
  if (!volatile) return undefined
  const total = textAt(volatile, `${bits}/total`)
  if (total !== undefined) return quantity(total)
  const values = [...volatile.children].flatMap(([tag, [element]]) =>
    counts.test(tag) ? (quantity(element?.text) ?? []) : [],
  )
  return values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0)
}

/** Types are C (compute), G (graphics), C+G, and M+C under MPS. A process that only draws does not hold the GPU. */
function processOf(process: Element): GpuProcess[] {
  const pid = quantity(textAt(process, 'pid'))
  if (pid === undefined || !textAt(process, 'type')?.includes('C')) return []
  return [
    defined({
      pid,
      memoryUsedBytes: quantity(textAt(process, 'used_memory'), 'MiB'),
      instance: quantity(textAt(process, 'gpu_instance_id')),
    }),
  ]
}

function instances(gpu: Element, model: string | undefined): Pick<GpuSnapshot, 'instances' | 'smCount'> {
  if (textAt(gpu, 'mig_mode/current_mig') !== 'Enabled') return {}
  const found = new Map<number, GpuInstance>()
  for (const device of all(gpu, 'mig_devices/mig_device')) {
    const instance = quantity(textAt(device, 'gpu_instance_id'))
    const smCount = quantity(textAt(device, 'device_attributes/shared/multiprocessor_count')) ?? 0
    // a GPU instance may be divided into compute instances: its SMs are their sum
    if (instance !== undefined)
      found.set(instance, { instance, smCount: smCount + (found.get(instance)?.smCount ?? 0) })
  }
  const list = [...found.values()].map((one) => defined({ ...one, slices: slicesOfSms(model, one.smCount) }))
  return defined({ instances: list, smCount: boardSms(list, model) })
}

/**
 * SMs of the whole board. The log tells those of its instances alone, and slices without an instance are part of the board too: each is
 * taken as large as the average of the others. Undefined where the instances fill it, or the slices of the model are not known.
 */
function boardSms(instances: readonly GpuInstance[], model: string | undefined): number | undefined {
  const used = instances.reduce((sum, { slices = Number.NaN }) => sum + slices, 0)
  const most = wholeSlices(model, [], undefined)
  const sms = instances.reduce((sum, { smCount }) => sum + smCount, 0)
  return used > 0 && used < most ? Math.round((sms * most) / used) : undefined
}

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { columnsOf, rowOf } from '../../../../../agent/drivers/nvml/nvidia-smi/csv-query.ts'
import { readLog } from '../../../../../agent/drivers/nvml/nvidia-smi/xml-log.ts'
import { WITH_CAPTURES } from '../../../captures.ts'

const MIB = 2 ** 20
const QUERIES = '../shared/captures/gpu/nvidia-smi'
const LOGS = '../shared/captures/gpu/nvidia-smi-xml'
const folders = existsSync(QUERIES) ? readdirSync(QUERIES) : []
const logs = existsSync(LOGS) ? readdirSync(LOGS) : []
const captures = folders.flatMap((folder) => ['idle', 'load'].map((state) => ({ folder, state })))

/** The captured query has every field, with units; what ours asks for is picked out of it by its header. */
function ownRow(folder: string, state: string) {
  const columns = columnsOf(readFileSync(`${QUERIES}/${folder}/help-query-gpu.txt`, 'utf8'))
  const [header = '', values = ''] = readFileSync(
    `${QUERIES}/${folder}/${state}.query-gpu.csv`,
    'utf8',
  ).split('\n')
  const names = header.split(', ').map((name) => name.replace(/ \[.*\]$/, ''))
  const texts = values.split(', ')
  const picked = columns.map(({ asked }) => texts[names.indexOf(asked)])
  return { columns, gpu: rowOf(picked.join(', '), columns)?.gpu }
}

/** What another exporter makes of the same answer. */
function metricsOf(folder: string, state: string) {
  const text = readFileSync(`${QUERIES}/${folder}/${folder}__${state}.metrics`, 'utf8')
  return (name: string): number | undefined => {
    const value = new RegExp(`^nvidia_smi_${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1]
    return value === undefined ? undefined : Number(value)
  }
}

describe.skipIf(captures.length === 0)(`answers of real GPUs to a query ${WITH_CAPTURES}`, () => {
  test.each(captures)('$folder, $state', ({ folder, state }) => {
    const { columns, gpu } = ownRow(folder, state)
    expect(columns.length).toBeGreaterThan(15)
    const metric = metricsOf(folder, state)
    expect(gpu).toMatchObject({ index: 0, faults: [], dead: false })
    expect(gpu?.powerW).toBeGreaterThan(10)
    expect({
      power: gpu?.powerW,
      instant: gpu?.powerInstantW,
      limit: gpu?.powerLimitW,
      use: gpu?.utilizationRatio,
      used: gpu?.memoryUsedBytes,
      total: gpu?.memoryTotalBytes,
      temp: gpu?.tempC,
      memoryTemp: gpu?.memoryTempC,
      sm: gpu?.smClockHz,
      memory: gpu?.memoryClockHz,
      fan: gpu?.fanRatio,
      corrected: gpu?.eccCorrectedErrors,
      uncorrected: gpu?.eccUncorrectedErrors,
    }).toEqual({
      power: metric('power_draw_watts'),
      instant: metric('power_draw_instant_watts'),
      limit: metric('enforced_power_limit_watts'),
      use: metric('utilization_gpu_ratio'),
      used: metric('memory_used_bytes'),
      total: metric('memory_total_bytes'),
      temp: metric('temperature_gpu'),
      memoryTemp: metric('temperature_memory'),
      sm: metric('clocks_current_sm_clock_hz'),
      memory: metric('clocks_current_memory_clock_hz'),
      fan: metric('fan_speed_ratio'),
      corrected: metric('ecc_errors_corrected_volatile_total'),
      uncorrected: metric('ecc_errors_uncorrected_volatile_total'),
    })
  })

  test('under MIG the use is unknown and the power is the board’s', () => {
    const mig = folders.find((folder) => folder.includes('mig')) ?? ''
    const { gpu } = ownRow(mig, 'load')
    expect(gpu?.utilizationRatio).toBeUndefined()
    expect(gpu?.powerW).toBe(433.78)
  })
})

const LAST_POWER: Record<string, string[]> = {
  'a100-sxm4-v12.xml': ['power_draw'],
  'rtx-3060-v12.xml': ['average_power_draw', 'instant_power_draw'],
}

describe.skipIf(logs.length === 0)(`logs of real GPUs over drivers 418 to 570 ${WITH_CAPTURES}`, () => {
  test.each(logs)('%s', (file) => {
    const text = readFileSync(`${LOGS}/${file}`, 'utf8')
    const { gpus, unknownSchema } = readLog(text)
    expect(unknownSchema).toBeUndefined()
    expect(gpus).toHaveLength(1)
    // read once more without a tree: the number behind the tag, in the part of the text that begins with another
    const number = (part: string, tag: string): number | undefined => {
      const found = new RegExp(`<${part}>[\\s\\S]*?<${tag}>(?:(-?[\\d.]+)|[^<]*)`).exec(text)?.[1]
      return found === undefined ? undefined : Number(found)
    }
    const scaled = (value: number | undefined, unit: number) =>
      value === undefined ? undefined : value * unit
    const readings = text.includes('<gpu_power_readings>') ? 'gpu_power_readings' : 'power_readings'
    const [power = 'power_draw', instant = 'instant_power_draw'] = LAST_POWER[file] ?? []
    // the instances of a divided GPU stand before the board itself
    const board = text.includes('</mig_devices>') ? '/mig_devices' : 'gpu id="[^"]*"'
    const memory = (tag: string) => scaled(number(`${board}>[\\s\\S]*?<fb_memory_usage`, tag), MIB)
    const percent = number('utilization', 'gpu_util')
    expect(gpus[0]).toMatchObject({
      powerW: number(readings, power),
      powerInstantW: readings === 'gpu_power_readings' ? number(readings, instant) : undefined,
      powerLimitW: number(
        readings,
        readings === 'power_readings' ? 'enforced_power_limit' : 'current_power_limit',
      ),
      utilizationRatio: percent === undefined ? undefined : percent / 100,
      memoryUsedBytes: memory('used'),
      memoryTotalBytes: memory('total'),
      tempC: number('temperature', 'gpu_temp'),
      memoryTempC: number('temperature', 'memory_temp'),
      smClockHz: scaled(number('clocks', 'sm_clock'), 1e6),
      memoryClockHz: scaled(number('clocks', 'mem_clock'), 1e6),
      faults: [],
      dead: false,
    })
    const pids = [...text.matchAll(/<pid>(\d+)<\/pid>\s*<type>(?:C|C\+G|M\+C)<\/type>/g)].map((m) =>
      Number(m[1]),
    )
    expect(gpus[0]?.processes?.map((p) => p.pid)).toEqual(pids)
  })

  test.each([
    ['a100-sxm4-v12.xml', 67.03, 500],
    ['a10g.xml', 25.58, 300],
    ['gtx-1660-ti.xml', 8.93, 130],
    ['quadro-p400.xml', undefined, undefined],
    ['rtx-3060-v12.xml', 11.6, 170],
    ['rtx-3080-v12.xml', 22.78, 336],
    ['tesla-t4.xml', 26.78, 70],
  ])('%s draws %s of %s W', (file, powerW, powerLimitW) => {
    const [gpu] = readLog(readFileSync(`${LOGS}/${file}`, 'utf8')).gpus
    expect({ powerW: gpu?.powerW, powerLimitW: gpu?.powerLimitW }).toEqual({ powerW, powerLimitW })
  })

  test('the instances of a divided A100 have their SMs', () => {
    const [gpu] = readLog(readFileSync(`${LOGS}/a100-sxm4-v12.xml`, 'utf8')).gpus
    expect(gpu?.instances).toEqual([3, 4, 5, 6].map((instance) => ({ instance, smCount: 14, slices: 1 })))
    // three of its seven slices have no instance
    expect(gpu?.smCount).toBe(98)
  })
})

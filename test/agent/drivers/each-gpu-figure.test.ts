import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { amdGpus, amdMetrics, amdPower } from '../../../agent/drivers/amd-smi/output.ts'
import { columnsOf, rowOf } from '../../../agent/drivers/nvml/nvidia-smi/csv-query.ts'
import { rocmGpus } from '../../../agent/drivers/rocm-smi/output.ts'
import { xpuReading, xpuValues } from '../../../agent/drivers/xpu-smi/output.ts'
import { gpuReading } from '../../../agent/gpu/reading.ts'
import { agreeing } from '../../../agent/plugin/agreement.ts'
import { inRange } from '../../../agent/plugin/in-range.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { QUANTITIES, type Quantity } from '../../../protocol/quantities.ts'
import { EXCHANGES, exchanged, figuresIn } from '../figures-in-text.ts'

const gpu = (name: string) => readFileSync(`test/fixtures/gpu/${name}`, 'utf8')
const columns = columnsOf(gpu('nvml-help-query-gpu.txt'))

/** What a text is read as, before it is held against itself as every session's readings are. */
const READERS: readonly (readonly [string, string, (text: string) => Reading[]])[] = [
  [
    'nvidia-smi',
    gpu('nvml-query-gpu.csv'),
    (text) =>
      text.split('\n').flatMap((line) => {
        const row = rowOf(line, columns)
        return row ? [gpuReading({ ...row.gpu, processes: [] })] : []
      }),
  ],
  [
    'amd-smi',
    gpu('amd-smi-mi300x/metric.json'),
    (text) =>
      [...amdGpus(text, 'amd-smi')].map(([index, row]) => ({
        part: `gpu${index}`,
        identity: { kind: 'gpu' },
        sample: { state: 'busy', ...amdMetrics(row), ...amdPower(row) },
      })),
  ],
  ['rocm-smi', gpu('rocm-smi-mi250x.json'), (text) => rocmGpus(text).map(({ reading }) => reading)],
  [
    'xpu-smi',
    gpu('xpu-smi-max1550/dump.csv'),
    (text) => [...xpuValues(text)].map(([index, values]) => xpuReading(index, values, undefined)),
  ],
]

/** A figure that no other of the reply is held against may be so many times another: only its range is known. */
const SCALES = new Set(['a thousand times', 'a thousandth', '65535', '1e15'])
/** What is held against one other figure, and only where that is told. */
const WITNESS: Partial<Record<Quantity, Quantity>> = { powerW: 'powerLimitW' }

const held = (readings: readonly Reading[]) =>
  new Map(readings.map((reading) => [reading.part ?? '', agreeing(inRange(reading)).sample]))

test.each(READERS)(
  '%s: a figure that is another, or a word for none, takes no other with it',
  (_, text, read) => {
    const whole = held(read(text))
    const wrong: string[] = []
    let moved = 0
    for (const figure of figuresIn(text)) {
      const tryIt = (by: number | string) => {
        try {
          return held(read(exchanged(text, figure, by)))
        } catch {
          return undefined
        }
      }
      const changes = (after: ReturnType<typeof held> | undefined) =>
        [...whole].flatMap(([part, sample]) =>
          QUANTITIES.filter((q) => sample[q] !== after?.get(part)?.[q]).map((q) => `${part} ${q}`),
        )
      const own = new Set([...changes(tryIt(figure.value * 1.02)), ...changes(tryIt('N/A'))])
      // the number of a GPU, by which it is known: all its figures are another's then
      if (own.size === 0 || own.size > 5) continue
      moved++
      for (const [words, by] of EXCHANGES)
        for (const [part, sample] of whole) {
          const after = tryIt(by(figure.value))?.get(part)
          const told = after?.faults?.some((fault) => !sample.faults?.includes(fault)) === true
          for (const q of QUANTITIES) {
            const [value, now] = [sample[q], after?.[q]]
            if (value === undefined) continue
            const where = `${figure.field}, ${words}: ${part} ${q}`
            // 64 GiB is a memory that a GPU can have
            if (now === undefined && !own.has(`${part} ${q}`) && !(told && words === '65535'))
              wrong.push(`${where} is lost`)
            const witness = WITNESS[q]
            const alone = witness === undefined || sample[witness] === undefined
            if (now === undefined || told || (alone && SCALES.has(words))) continue
            if (now < value / 2 || now > value * 2) wrong.push(`${where} ${value} became ${now}`)
          }
        }
    }
    expect(wrong).toEqual([])
    expect(moved).toBeGreaterThan(3)
  },
)

test('a column too few or too many shifts no figure of nvidia-smi’s query into another’s place', () => {
  const [line = ''] = gpu('nvml-query-gpu.csv').split('\n')
  const cells = line.split(',')
  for (const [i] of cells.entries()) {
    expect(rowOf(cells.toSpliced(i, 1).join(','), columns)).toBeUndefined()
    expect(rowOf(cells.toSpliced(i, 0, ' 7').join(','), columns)).toBeUndefined()
  }
})

test('figures with units that stand one column on are none', () => {
  const asked = [
    { field: 'index', asked: 'index' },
    { field: 'power', asked: 'power.draw' },
    { field: 'memoryUsed', asked: 'memory.used' },
    { field: 'temp', asked: 'temperature.gpu' },
  ] as const
  expect(rowOf('0, 612.48 W, 71080 MiB, 61', asked)?.gpu).toMatchObject({ powerW: 612.48, tempC: 61 })
  const { gpu: shifted } = rowOf('0, 71080 MiB, 61, 612.48 W', asked) ?? {}
  expect(shifted?.powerW).toBeUndefined()
  expect(shifted?.memoryUsedBytes).toBeUndefined()
  expect(shifted?.tempC).toBeUndefined()
})

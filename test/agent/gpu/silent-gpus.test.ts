import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { SilentGpus } from '../../../agent/gpu/silent-gpus.ts'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { NoAnswer } from '../../../protocol/kit/retry.ts'
import { sum, T0 } from '../metering/accumulator-rig.ts'

const JOB = { slurmJob: '7' }
const holders = [{ owner: JOB, share: 1 }]
const reading = (powerW: number): Reading => ({
  part: 'gpu0',
  identity: { kind: 'gpu', model: 'NVIDIA H100 80GB HBM3' },
  sample: { state: 'busy', powerW, powerBasis: 'reported', utilizationRatio: 1, holders },
  counters: { energyJ: 5_000 },
})
const USE = { index: 0, processes: [] }

test('a silent GPU keeps its holders, and for ten minutes its last power, marked', () => {
  let nowMs = 0
  const silent = new SilentGpus(() => nowMs)
  silent.answered(reading(700), USE)
  nowMs = 100_000
  expect(silent.standIn(0, ['the driver hangs'], { holders })).toEqual({
    part: 'gpu0',
    identity: { kind: 'gpu', model: 'NVIDIA H100 80GB HBM3' },
    sample: {
      state: 'faulty',
      holders,
      powerW: 700,
      powerBasis: 'estimated',
      faults: [
        'the driver hangs',
        'gpu0 has not answered for 100 s; its holders stay, and its energy is estimated by its last 700 W',
      ],
    },
  })
  nowMs = 11 * 60_000
  const later = silent.standIn(0, [], { holders })
  expect(later?.sample).toMatchObject({ state: 'faulty', holders })
  expect(later?.sample).not.toHaveProperty('powerW')
  nowMs = 61 * 60_000
  expect(silent.standIn(0, [], { holders })).toBeUndefined()
  expect(silent.knownAt(new NoAnswer('no answer in 3000 ms'))).toEqual([])
})

test.each([
  ['no answer', new NoAnswer('no answer in 3000 ms'), [0]],
  ['a call that hangs', new PerwattError('nvml-hangs', 'nvmlInit_v2 does not return'), [0]],
  [
    'a program that writes nothing',
    new PerwattError('no-reply', 'nvidia-smi: it wrote nothing for 5 s'),
    [0],
  ],
  [
    'a driver that was unloaded',
    new PerwattError('no-reply', 'nvidia-smi: the NVIDIA driver is not loaded (NVML 9)'),
    [],
  ],
  ['another failure', new Error('out of memory'), []],
])('%s is silence or not', (_, error, indexes) => {
  const silent = new SilentGpus(() => 0)
  silent.answered(reading(700), USE)
  expect(silent.knownAt(error)).toEqual(indexes)
})

test('a tenant pays for the time of a silent driver, and nothing is lost or counted twice when its counter is back', () => {
  const meter = new DeviceAccumulator('gpu0', 30_000)
  let nowMs = 0
  const silent = new SilentGpus(() => nowMs)
  for (let s = 0; s <= 240; s += 10) {
    nowMs = s * 1000
    const now = { ...reading(625), counters: { energyJ: 1_000 + 625 * s } }
    const taken = s > 60 && s < 170 ? silent.standIn(0, ['silent'], { holders }) : silent.answered(now, USE)
    if (taken) meter.observe(taken, { wallMs: T0 + nowMs, steadyMs: nowMs })
  }
  const records = meter.closeAll()
  expect(sum(records, 'energyMilliJ', JOB)).toBe(625 * 240 * 1000)
  expect(sum(records, 'gpuMs', JOB)).toBe(240_000)
  const silentMinute = records.find((r) => r.startMs === T0 + 60_000)
  expect(silentMinute?.powerBasis).toBe('estimated')
})

test('whatever a GPU drew while its driver was silent, its counter is booked once (property)', () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          drawnW: fc.integer({ min: 20, max: 700 }),
          silent: fc.boolean(),
          coarse: fc.boolean(),
        }),
        { minLength: 2, maxLength: 60 },
      ),
      (steps) => {
        const meter = new DeviceAccumulator('gpu0', 30_000)
        let nowMs = 0
        let countedJ = 1_000
        let shownJ = countedJ
        const silent = new SilentGpus(() => nowMs)
        const observe = (drawnW: number, isSilent: boolean, coarse: boolean) => {
          nowMs += 10_000
          countedJ += drawnW * 10
          if (!coarse) shownJ = countedJ
          const now = { ...reading(drawnW), counters: { energyJ: shownJ } }
          const taken = isSilent ? silent.standIn(0, ['silent'], { holders }) : silent.answered(now, USE)
          if (taken) meter.observe(taken, { wallMs: T0 + nowMs, steadyMs: nowMs })
        }
        observe(100, false, false)
        const baseJ = countedJ
        for (const { drawnW, silent: isSilent, coarse } of steps) observe(drawnW, isSilent, coarse)
        // what was estimated too high is taken off what the counter shows afterwards
        for (let i = 0; i < 60 * 35; i++) observe(700, false, false)
        expect(sum(meter.closeAll(), 'energyMilliJ')).toBe((countedJ - baseJ) * 1000)
      },
    ),
    { numRuns: 30 },
  ))

test('a tool that is slow by nature is waited for: half as long again as it ever took', async () => {
  let nowMs = 0
  const silent = new SilentGpus(() => nowMs)
  const { signal } = new AbortController()
  const taking = (ms: number) => async (own: AbortSignal) => {
    await vi.advanceTimersByTimeAsync(ms)
    nowMs += ms
    own.throwIfAborted()
    return 'answer'
  }
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  expect(await silent.ask(taking(9_000), signal)).toEqual({ answer: 'answer' })
  silent.answered(reading(700), USE)
  expect(await silent.ask(taking(12_000), signal)).toEqual({ answer: 'answer' })
  expect(await silent.ask(taking(20_000), signal)).toEqual({ silence: expect.any(NoAnswer) })
})

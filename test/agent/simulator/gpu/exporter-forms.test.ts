import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import dcgm from '../../../../agent/drivers/dcgm/dcgm.ts'
import type { Reading } from '../../../../agent/plugin/reading.ts'
import { neighbourOf, slurmJobOf } from '../../../../agent/simulator/gpu/dcgm-pages.ts'
import type { Gpu } from '../../../../agent/simulator/gpu/host.ts'
import { Site } from '../../../../agent/simulator/site.ts'
import { soon } from '../../asic-harness.ts'

/** Forms of an exporter's page, each read by the product's own driver and held against what the GPUs do. */
const clock = { nowMs: Date.UTC(2026, 5, 1, 12) }
const ports = { asic: 0, web: 0, link: 0, status: 0, dcgm: 0, bmc: 0, llm: 0, meter: 0, snmp: 0 }
const site = new Site({ seed: 4, asics: 0, gpuHosts: 1, baseAddress: '127.0.0.1', ports }, () => clock.nowMs)
const advance = (seconds: number) => {
  for (let i = 0; i < seconds; i++) {
    clock.nowMs += 1000
    site.catchUp()
  }
}
beforeAll(async () => {
  await site.open()
  advance(60)
  // one of them is free
  delete gpus[0]?.job
})
afterAll(() => site.close())

const gpus = site.gpuHosts[0]?.gpus ?? []
const sessionOn = (page: string, more: object = {}) => {
  const url = `http://${site.layout.gpuHosts[0]?.host}:${site.ports().dcgm[0]}/metrics/${page}`
  return dcgm.open({ id: 'x', host: '', options: dcgm.settings.parse({ url, ...more }) })
}
const read = (page: string, more: object = {}) => sessionOn(page, more).read(soon())

/** Each GPU beside its reading; at least one is held and one is free. */
function pairs(readings: readonly Reading[]): [Gpu, Reading][] {
  expect(readings).toHaveLength(gpus.length)
  expect(new Set(gpus.map(({ job }) => job === undefined))).toEqual(new Set([true, false]))
  return gpus.flatMap((gpu, i) => (readings[i] ? [[gpu, readings[i]] as [Gpu, Reading]] : []))
}

test('labels of the pods that a person chose become facts of the owner', async () => {
  const owners = { labels: ['app.kubernetes.io/name', 'billing.example.com/tenant'] }
  for (const [{ job }, { sample }] of pairs(await read('pod-labels', { owners })))
    expect(sample.holders).toEqual(
      job
        ? [
            {
              owner: {
                namespace: job.namespace,
                pod: job.pod,
                container: job.container,
                'label.app.kubernetes.io.name': job.container,
                'label.billing.example.com.tenant': job.namespace,
              },
              share: 1,
            },
          ]
        : [],
    )
})

test('Slurm’s job holds its GPUs, by the exporter’s own label', async () => {
  for (const [{ job }, { sample }] of pairs(await read('slurm')))
    expect(sample.holders).toEqual(job ? [{ owner: { slurmJob: slurmJobOf(job) }, share: 1 }] : [])
})

test('and with its account and user, where the site’s Prometheus adds them', async () => {
  for (const [{ job }, { sample }] of pairs(await read('slurm-relabelled')))
    expect(sample.holders?.map(({ owner }) => owner)).toEqual(
      job ? [{ slurmJob: slurmJobOf(job), slurmAccount: job.namespace, slurmUser: job.container }] : [],
    )
})

test('two pods that share a GPU by time have half of it each, as an estimate, and the board counts once', async () => {
  for (const [gpu, { sample }] of pairs(await read('time-slicing'))) {
    expect(sample.powerW).toBeCloseTo(gpu.powerW, 2)
    const expected = gpu.job
      ? [gpu.job, neighbourOf(gpu.job)].map(({ pod }) => ({
          owner: expect.objectContaining({ pod }),
          share: 0.5,
          estimated: true,
        }))
      : []
    expect(sample.holders).toHaveLength(expected.length)
    expect(sample.holders).toEqual(
      expect.arrayContaining(expected.map((one) => expect.objectContaining(one))),
    )
  }
})

test('a utilisation that cannot be is absent, and power, counter and owner stay', async () => {
  for (const [gpu, { sample, counters }] of pairs(await read('glitches'))) {
    expect(sample).not.toHaveProperty('utilizationRatio')
    expect(sample.powerW).toBeCloseTo(gpu.powerW, 2)
    expect(counters?.energyJ).toBeCloseTo(gpu.energyCounterMilliJ / 1000, 3)
    expect(sample.holders?.map(({ owner }) => owner['pod'])).toEqual(gpu.job ? [gpu.job.pod] : [])
    // the wild value is told; a word for none is no fault
    const isWild = gpu.index % 4 === 1
    expect(sample.faults ?? []).toEqual(
      isWild ? [expect.stringContaining('its utilisation of 2,619 % is ignored')] : [],
    )
  }
})

test('the counter of an exporter that hangs is not taken for that of an idle GPU: it is held back after a minute', async () => {
  const steady = vi.spyOn(performance, 'now').mockImplementation(() => clock.nowMs)
  try {
    const session = sessionOn('hung')
    const counted: boolean[] = []
    for (let s = 0; s < 180; s += 10) {
      const readings = await session.read(soon())
      counted.push(readings.every(({ counters }) => counters?.energyJ !== undefined))
      advance(10)
    }
    expect(counted[0]).toBe(true)
    expect(counted.at(-1)).toBe(false)
  } finally {
    steady.mockRestore()
  }
})

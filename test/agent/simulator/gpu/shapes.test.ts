import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import amdSmi from '../../../../agent/drivers/amd-smi/amd-smi.ts'
import dcgm from '../../../../agent/drivers/dcgm/dcgm.ts'
import rocmSmi from '../../../../agent/drivers/rocm-smi/rocm-smi.ts'
import xpuSmi from '../../../../agent/drivers/xpu-smi/xpu-smi.ts'
import type { Reading } from '../../../../agent/plugin/reading.ts'
import { PARTITIONS } from '../../../../agent/simulator/gpu/amd-text.ts'
import { Site } from '../../../../agent/simulator/site.ts'
import { hostPrograms } from '../../../../agent/simulator/site-config.ts'
import { eventually } from '../../../eventually.ts'
import { soon } from '../../asic-harness.ts'

/** The shapes that a demo does not show, each read by the product's own driver. */
const clock = { nowMs: Date.UTC(2026, 5, 1, 12) }
const ports = { asic: 0, web: 0, link: 0, status: 0, dcgm: 0, bmc: 0, llm: 0, meter: 0, snmp: 0 }
const site = new Site(
  {
    seed: 4,
    asics: 0,
    gpuHosts: 2,
    gpuModels: ['h100', 'mi300x'],
    baseAddress: '127.0.0.1',
    ports,
  },
  () => clock.nowMs,
)
const folder = mkdtempSync(join(tmpdir(), 'perwatt-shapes-'))
beforeAll(async () => {
  await site.open()
  for (let i = 0; i < 60; i++) {
    clock.nowMs += 1000
    site.catchUp()
  }
})
afterAll(async () => {
  await site.close()
  rmSync(folder, { recursive: true, force: true })
})

const [nvidia, amd] = site.gpuHosts
const target = { id: 'x', host: '' }
const watts = (readings: readonly Reading[]) =>
  readings.reduce((sum, { sample }) => sum + (sample.powerW ?? 0), 0)
const pageOf = (host: number, page: string) =>
  `http://${site.layout.gpuHosts[host]?.host}:${site.ports().dcgm[host]}/metrics/${page}`
const readDcgm = (url: string) => dcgm.open({ ...target, options: dcgm.settings.parse({ url }) }).read(soon())

describe('MIG', () => {
  test('each board counts once; its job holds the largest instance and causes what it draws above idle', async () => {
    const readings = await readDcgm(pageOf(0, 'mig'))
    expect(watts(readings)).toBeCloseTo(nvidia?.powerW ?? 0, 1)
    for (const [i, { sample }] of readings.entries()) {
      const gpu = nvidia?.gpus[i]
      if (!gpu?.job) expect(sample.holders).toEqual([])
      else
        expect(sample.holders).toMatchObject([{ owner: { pod: gpu.job.pod }, share: 3 / 7, estimated: true }])
      if (gpu?.job && gpu.utilizationRatio > 0.5)
        expect(sample.holders?.[0]?.energyShare).toBeGreaterThan(0.8)
    }
    expect(readings.some(({ sample }) => sample.holders?.length)).toBe(true)
  })
})

test('behind a Prometheus the jobs hold their GPUs, and a free GPU is nobody’s', async () => {
  const holders = async (page: string) =>
    (await readDcgm(pageOf(0, page))).map(({ sample }) => sample.holders?.map(({ owner }) => owner['pod']))
  const pods = nvidia?.gpus.map(({ job }) => (job ? [job.pod] : []))
  expect(await holders('relabelled')).toEqual(pods)
})

describe('AMD in partitions', () => {
  const checked = (readings: readonly Reading[]) => {
    expect(readings).toHaveLength(8 * PARTITIONS)
    expect(watts(readings)).toBeCloseTo(
      amd?.gpus.reduce((sum, { powerW }) => sum + Math.round(powerW), 0) ?? 0,
      -1,
    )
    expect(new Set(readings.map(({ sample }) => sample.powerBasis))).toEqual(new Set(['estimated']))
    for (const [i, gpu] of amd?.gpus.entries() ?? []) {
      const parts = readings.slice(i * PARTITIONS, (i + 1) * PARTITIONS)
      expect(watts(parts)).toBeCloseTo(gpu.powerW, -1)
    }
  }

  test('by amd-smi, whose scripts the emulated site writes', async () => {
    const programs = [...hostPrograms(site, folder)].filter(([file]) => file.endsWith('amd-smi'))
    expect(programs).toHaveLength(1)
    for (const [file, text] of programs) {
      writeFileSync(file, text)
      chmodSync(file, 0o755)
      checked(
        await amdSmi.open({ ...target, options: amdSmi.settings.parse({ program: file }) }).read(soon()),
      )
    }
  })

  test('by rocm-smi', async () => {
    const program = printing(() => pageOf(1, 'rocm-smi'))
    checked(await rocmSmi.open({ ...target, options: rocmSmi.settings.parse({ program }) }).read(soon()))
  })
})

/** A program that prints a page, as an expression of its arguments if it needs them. */
function printing(url: () => string, byArguments = JSON.stringify(url())): string {
  const program = join(folder, `print-${Math.random()}`)
  writeFileSync(
    program,
    `#!${process.execPath}\nfetch(${byArguments}).then(async (a) => console.log(await a.text()))\n`,
  )
  chmodSync(program, 0o755)
  return program
}

test('the second dies of MI250X, which show 0 W, have half of the idle power of their packages', async () => {
  const program = printing(() => pageOf(1, 'rocm-smi-dies'))
  const readings = await rocmSmi
    .open({ ...target, options: rocmSmi.settings.parse({ program }) })
    .read(soon())
  expect(readings).toHaveLength(16)
  for (const [i, gpu] of amd?.gpus.entries() ?? []) {
    expect(watts(readings.slice(2 * i, 2 * i + 2))).toBeCloseTo(gpu.powerW, 0)
    if (gpu.utilizationRatio > 0.5)
      expect(readings[2 * i + 1]?.sample).toMatchObject({
        powerW: expect.closeTo(91 / 2, 9),
        powerBasis: 'estimated',
      })
  }
})

test('Intel’s GPUs by xpu-smi 2', async () => {
  const [dump, discovery] = [pageOf(0, 'xpu-smi-dump'), pageOf(0, 'xpu-smi-discovery')]
  const program = printing(() => dump, `process.argv[2] === 'dump' ? '${dump}' : '${discovery}'`)
  const session = xpuSmi.open({ ...target, options: xpuSmi.settings.parse({ program }) })
  // on a busy computer the program that tells the models may be late for the first reading
  const readings = await eventually(
    () => session.read(soon()),
    ([gpu]) => gpu?.identity.model !== undefined,
  )
  expect(watts(readings)).toBeCloseTo(nvidia?.powerW ?? 0, 1)
  expect(readings[0]?.identity.model).toBe('Intel(R) Data Center GPU Max 1550')
  // its energy is that of one domain
  expect(readings[0]).not.toHaveProperty('counters')
})

test('the energy counter of a GH200, which is its module’s, is refused within half an hour', async () => {
  const startMs = performance.now()
  const beganMs = clock.nowMs
  const steady = vi.spyOn(performance, 'now').mockImplementation(() => startMs + clock.nowMs - beganMs)
  try {
    const url = pageOf(0, 'module')
    const session = dcgm.open({ ...target, options: dcgm.settings.parse({ url }) })
    let readings: Reading[] = []
    for (let s = 0; s <= 1800; s += 10) {
      readings = await session.read(soon())
      for (let i = 0; i < 10; i++) {
        clock.nowMs += 1000
        site.catchUp()
      }
    }
    const refused = readings.filter(({ counters }) => counters?.refused?.includes('energyJ'))
    expect(refused.length).toBeGreaterThan(0)
    for (const { sample } of refused)
      expect(sample.faults).toEqual([expect.stringContaining('its energy counter grows by')])
    expect(readings.filter(({ counters }) => counters?.energyJ !== undefined)).toEqual([])
  } finally {
    steady.mockRestore()
  }
})

import { chmodSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import nvml from '../../../../agent/drivers/nvml/nvml.ts'
import { slurmJobOf } from '../../../../agent/simulator/gpu/dcgm-pages.ts'
import { processesOf, SMI_INSTANCES } from '../../../../agent/simulator/gpu/nvidia-smi-text.ts'
import { Site } from '../../../../agent/simulator/site.ts'
import { soon } from '../../asic-harness.ts'
import { FakeHost } from '../../tenancy/fake-host.ts'

const clock = { nowMs: Date.UTC(2026, 5, 1, 12) }
const ports = { asic: 0, web: 0, link: 0, status: 0, dcgm: 0, bmc: 0, llm: 0, meter: 0, snmp: 0 }
const site = new Site({ seed: 4, asics: 0, gpuHosts: 1, baseAddress: '127.0.0.1', ports }, () => clock.nowMs)
const host = new FakeHost()
const gpus = site.gpuHosts[0]?.gpus ?? []
beforeAll(async () => {
  await site.open()
  for (let i = 0; i < 60; i++) {
    clock.nowMs += 1000
    site.catchUp()
  }
  // one of them is free
  delete gpus[0]?.job
})
afterAll(async () => {
  await site.close()
  await host.close()
})

/** A session with a program that knows no query, so the log alone is read; it writes one page again and again, as with -lms. */
function sessionOn(page: string) {
  const url = `http://${site.layout.gpuHosts[0]?.host}:${site.ports().dcgm[0]}/metrics/${page}`
  const program = host.write(
    page,
    `#!${process.execPath}\nif (process.argv[2] === '-q') setInterval(async () => process.stdout.write(await (await fetch('${url}')).text()), 50)\n`,
  )
  chmodSync(program, 0o755)
  const options = nvml.settings.parse({
    via: 'nvidia-smi',
    program,
    sampleInterval: '100ms',
    owners: host.settings,
  })
  return nvml.open({ id: 'x', host: '', options })
}

test('several processes of two jobs on one GPU: nvidia-smi names them, their control groups say whose they are, and memory parts the GPU', async () => {
  for (const { pid, job } of gpus.flatMap(processesOf))
    host.run(pid, { cgroup: `0::/system.slice/slurmstepd.scope/job_${slurmJobOf(job)}/step_0/user/task_0` })
  const session = sessionOn('nvidia-smi-log')
  try {
    const readings = await session.read(soon())
    expect(readings).toHaveLength(gpus.length)
    for (const [i, gpu] of gpus.entries()) {
      const sample = readings[i]?.sample
      expect(sample?.powerW).toBeCloseTo(gpu.powerW, 1)
      const byJob = new Map<string, number>()
      const processes = processesOf(gpu)
      const all = processes.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0)
      for (const { job, memoryMiB } of processes)
        byJob.set(slurmJobOf(job), (byJob.get(slurmJobOf(job)) ?? 0) + memoryMiB / all)
      expect(byJob.size).toBe(gpu.job ? 2 : 0)
      expect(new Map(sample?.holders?.map(({ owner, share }) => [owner['slurmJob'], share]))).toEqual(
        new Map([...byJob].map(([job, share]) => [job, expect.closeTo(share, 9)])),
      )
      for (const holder of sample?.holders ?? []) expect(holder.estimated).toBe(true)
    }
  } finally {
    session.close?.()
  }
})

test('divided boards in a log of schema 13: a job holds the slices of its instance, and nobody the others', async () => {
  for (const { pid, job } of gpus.flatMap((gpu) => processesOf(gpu).slice(0, 1)))
    host.run(pid, { cgroup: `0::/system.slice/slurmstepd.scope/job_${slurmJobOf(job)}/step_0/user/task_0` })
  const session = sessionOn('nvidia-smi-mig')
  try {
    const readings = await session.read(soon())
    expect(readings).toHaveLength(gpus.length)
    for (const [i, gpu] of gpus.entries()) {
      const { sample, identity } = readings[i]!
      expect(identity.firmware).toBe('580.65.06')
      expect(sample.faults).toBeUndefined()
      expect(sample.powerW).toBeCloseTo(gpu.powerW, 1)
      if (!gpu.job) {
        expect(sample.holders).toEqual([])
        continue
      }
      // the board's other slice has no instance, and is as large as the average of the six
      const sms = SMI_INSTANCES.reduce((sum, one) => sum + one.sms, 0)
      const share = 60 / ((sms * 7) / 6)
      // all of the load is of the only instance with a process; the idle power goes by slices
      const energyShare = 1 - (gpu.model.idleW * (1 - share)) / gpu.powerW
      expect(sample.holders).toEqual([
        {
          owner: { slurmJob: slurmJobOf(gpu.job) },
          share: expect.closeTo(share, 9),
          energyShare: expect.closeTo(energyShare, 4),
          estimated: true,
        },
      ])
    }
  } finally {
    session.close?.()
  }
})

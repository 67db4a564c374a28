import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../../agent/simulator/base/random.ts'
import { dcgmText } from '../../../../agent/simulator/gpu/dcgm-text.ts'
import { GPU_MODELS, GpuHost, type Job } from '../../../../agent/simulator/gpu/host.ts'
import { JobScheduler } from '../../../../agent/simulator/gpu/jobs.ts'
import { LlmServer, vllmText } from '../../../../agent/simulator/gpu/llm.ts'

const captures = fileURLToPath(new URL('../../../../../shared/captures/gpu/', import.meta.url))
const host = (model: keyof typeof GPU_MODELS = 'h100') =>
  new GpuHost('gpu-01', GPU_MODELS[model], 8, createRandom(5))
const job: Job = { namespace: 'tenant-aurora', pod: 'train-1a2b-0', container: 'train', load: 0.97 }

const samples = (text: string, name: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => ({
      labels: line.slice(line.indexOf('{'), line.lastIndexOf('}')),
      value: line.split('} ')[1],
    }))

describe('a GPU', () => {
  it('draws 70 W idle and about 630 W under load, and its counter integrates exactly that', () => {
    const [gpu] = host().gpus
    const step = (seconds: number) => {
      let sumJ = 0
      for (let i = 0; i < seconds; i++) {
        gpu!.advance(1)
        sumJ += gpu!.powerW
      }
      return sumJ
    }
    const start = gpu!.energyCounterMilliJ
    const idleJ = step(100)
    expect(idleJ / 100).toBeCloseTo(70, -0.5)
    gpu!.job = job
    const warmJ = step(100)
    expect(gpu!.powerW).toBeGreaterThan(580)
    expect(gpu!.powerW).toBeLessThan(660)
    expect((gpu!.energyCounterMilliJ - start) / 1000).toBeCloseTo(idleJ + warmJ, 2)
    expect(gpu!.tempC).toBeGreaterThan(60)
  })
})

describe("the exporter's text", () => {
  it('names the pod where a job holds the GPU, and nobody where none does', () => {
    const machine = host()
    machine.gpus[3]!.job = job
    machine.gpus[3]!.advance(1)
    const util = samples(dcgmText(machine), 'DCGM_FI_DEV_GPU_UTIL')
    expect(util).toHaveLength(8)
    expect(util[3]!.labels).toContain('container="train",namespace="tenant-aurora",pod="train-1a2b-0"')
    expect(Number(util[3]!.value)).toBeGreaterThan(80)
    expect(util[2]!.labels).not.toContain('pod=')
    expect(util[2]!.value).toBe('0')
  })

  it('writes the blank value where the memory has no sensor', () => {
    const temps = (model: keyof typeof GPU_MODELS) =>
      samples(dcgmText(host(model)), 'DCGM_FI_DEV_MEMORY_TEMP').map((s) => s.value)
    expect(new Set(temps('l40s'))).toEqual(new Set(['9223372036854775794']))
    expect(temps('h100').every((t) => Number(t) < 100)).toBe(true)
  })

  it.skipIf(!existsSync(captures))(
    'has the HELP and TYPE lines of the real one (needs the real replies in ../shared/captures; skipped without)',
    () => {
      const text = dcgmText(host('l40s')).split('\n')
      const real = readFileSync(`${captures}dcgm-exporter/readme-0.prom`, 'utf8').trim().split('\n')
      const comments = real.filter((l) => l.startsWith('#'))
      expect(comments.length).toBeGreaterThan(3)
      for (const line of comments) expect(text).toContain(line)
    },
  )
})

describe('rental jobs', () => {
  const world = (seed: number) => {
    const hosts = [host(), new GpuHost('gpu-02', GPU_MODELS.l40s, 8, createRandom(6))]
    const llm: Job = { namespace: 'inference', pod: 'llm-chat-0', container: 'vllm', load: 0.5 }
    for (const gpu of hosts[0]!.gpus.slice(-4)) gpu.job = llm
    const jobs = new JobScheduler(hosts, createRandom(seed), 1)
    const holders = () => hosts.flatMap((h) => h.gpus.map((g) => g.job?.pod ?? ''))
    return { jobs, holders }
  }

  it('come and go, hold 1, 2, 4 or 8 GPUs of one host, and never take those of the LLM', () => {
    const { jobs, holders } = world(3)
    const pods = new Set<string>()
    let empty = 0
    for (let i = 0; i < 7200; i++) {
      jobs.advance(1)
      if (i % 10 > 0) continue
      const now = holders()
      expect(now.slice(4, 8)).toEqual(Array(4).fill('llm-chat-0'))
      for (const pod of now) if (pod) pods.add(pod)
      if (now.includes('')) empty++
      for (const pod of new Set(now.filter(Boolean))) {
        expect([1, 2, 4, 8]).toContain(now.filter((p) => p === pod).length)
        expect(Math.floor(now.indexOf(pod) / 8)).toBe(Math.floor(now.lastIndexOf(pod) / 8))
      }
    }
    expect(pods.size).toBeGreaterThan(10)
    expect(empty).toBeGreaterThan(0)
  })

  it('are the same for the same seed', () => {
    const holdersAfter = (seed: number) => {
      const { jobs, holders } = world(seed)
      for (let i = 0; i < 2000; i++) jobs.advance(1)
      return holders()
    }
    expect(holdersAfter(4)).toEqual(holdersAfter(4))
    expect(holdersAfter(4)).not.toEqual(holdersAfter(5))
  })
})

describe('the LLM server', () => {
  it('serves more by day than by night, and its counters are what it served', () => {
    const dayS = Date.UTC(2026, 5, 1, 15) / 1000
    const served = (fromS: number) => {
      const llm = new LlmServer('demo-chat-70b', fromS, createRandom(2))
      const before = llm.tokensOut
      for (let i = 0; i < 600; i++) llm.advance(1, fromS + i)
      expect(llm.tokensOut - before).toBe(llm.servedOut)
      expect(llm.tokensIn % 1).toBe(0)
      return llm.servedOut
    }
    expect(served(dayS)).toBeGreaterThan(2 * served(dayS + 12 * 3600))
  })

  it('writes counters as vLLM does', () => {
    const llm = new LlmServer('demo-chat-70b', 1_780_000_000, createRandom(2))
    llm.advance(1, 1_780_000_001)
    const text = vllmText(llm)
    expect(text).toContain('# TYPE vllm:generation_tokens_total counter')
    expect(text).toContain(
      `vllm:prompt_tokens_total{engine="0",model_name="demo-chat-70b"} ${llm.tokensIn}.0\n`,
    )
    expect(text).toContain(
      `vllm:num_requests_running{engine="0",model_name="demo-chat-70b"} ${llm.requestsRunning}.0\n`,
    )
  })
})

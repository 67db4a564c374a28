import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { buildStub, type Facts, TWO_GPUS } from '../agent/drivers/nvml/stub.ts'
import { startMosquitto } from '../mosquitto.ts'
import { bundlePrograms, canPin, type Program, startProgram } from './programs.ts'

/**
 * What it costs to watch 8 GPUs with 64 processes every second: the agent with NVML (a stand-in whose calls cost nothing), the
 * agent without any device, and beside them a reader that starts nvidia-smi (a stand-in that only prints) for each poll, which
 * is how it is commonly done. `npm run bench:nvml -- --seconds 60`
 */
const { values } = parseArgs({
  options: {
    gpus: { type: 'string', default: '8' },
    processes: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '60' },
  },
})
const gpus = Number(values.gpus)
const processes = Number(values.processes)
const seconds = Number(values.seconds)
const WARM_UP_S = 10
const AGENT_CORE = 0
/** V8 grows its room for young objects, keeps four threads, and compiles what runs often: an agent of one host gains little by it. */
const SMALL_HEAP = ['--max-semi-space-size=1', '--v8-pool-size=1', '--no-opt']

const uuid = (i: number) => `GPU-00000000-0000-4000-8000-${String(i).padStart(12, '0')}`

/** Every value that the library can say, and each process with its memory and its part of the SMs. */
function facts(): Facts {
  const all: Record<string, string | number> = { ...TWO_GPUS, count: gpus }
  for (let i = 0; i < gpus; i++) {
    all[`gpu${i}.nvmlDeviceGetUUID`] = uuid(i)
    all[`gpu${i}.nvmlDeviceGetUtilizationRates`] = '90 40'
    all[`gpu${i}.nvmlDeviceGetTotalEnergyConsumption`] = 1_000_000
    for (const [id, value] of [
      [185, 600_000],
      [186, 610_000],
      [82, 60],
    ])
      all[`gpu${i}.nvmlDeviceGetFieldValues.${id}`] = value ?? 0
  }
  for (let p = 0; p < processes; p++) {
    const [gpu, place] = [p % gpus, Math.floor(p / gpus)]
    all[`gpu${gpu}.nvmlDeviceGetComputeRunningProcesses_v3.${place}`] = `${pidOf(p)} 1073741824`
    // ever newer than what was seen: each poll has a sample of each process
    all[`gpu${gpu}.nvmlDeviceGetProcessUtilization.${place}`] = `${pidOf(p)} 18446744073709551000 10`
  }
  return all
}
const pidOf = (p: number) => 100_000 + p

/** A process table in which each is a Slurm job's. */
function processTable(folder: string): void {
  for (let p = 0; p < processes; p++) {
    const own = join(folder, 'proc', String(pidOf(p)))
    mkdirSync(own, { recursive: true })
    writeFileSync(
      join(own, 'cgroup'),
      `0::/system.slice/slurmstepd.scope/job_${p % gpus}/step_0/user/task_0\n`,
    )
    writeFileSync(join(own, 'stat'), `${pidOf(p)} (python) S 1 1 1 0 -1 4194560 ${'0 '.repeat(12)}5000 0 0\n`)
    writeFileSync(join(own, 'status'), 'Name:\tpython\nUid:\t1000\t1000\t1000\t1000\n')
    writeFileSync(join(own, 'environ'), `SLURM_JOB_ID=${p % gpus}\0`)
  }
  mkdirSync(join(folder, 'cgroups'))
}

/** A program that prints what nvidia-smi would: a query's rows, or its processes. */
function fakeSmi(folder: string): string {
  const rows = Array.from(
    { length: gpus },
    (_, i) =>
      `${i}, ${uuid(i)}, NVIDIA H100 80GB HBM3, 580.65.06, 600.00, 610.00, 700.00, 90, 71080, 81559, 61, 60, 1980, 2619, [N/A], 3, 0`,
  )
  const apps = Array.from({ length: processes }, (_, p) => `${uuid(p % gpus)}, ${pidOf(p)}, 1024`)
  writeFileSync(join(folder, 'rows'), `${rows.join('\n')}\n`)
  writeFileSync(join(folder, 'apps'), `${apps.join('\n')}\n`)
  const program = join(folder, 'nvidia-smi')
  writeFileSync(
    program,
    `#!/bin/sh\ncase "$1" in --query-gpu*) exec cat ${folder}/rows;; *) exec cat ${folder}/apps;; esac\n`,
  )
  chmodSync(program, 0o755)
  return program
}

interface Figures {
  cpuRatio: number
  rssMiB: number
  peakMiB: number
}

/** With the children that it waited for: theirs is what starting them costs. */
function cpuWithChildrenS(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0) / 100
}

async function measure(program: Program): Promise<Figures> {
  await sleep(WARM_UP_S * 1000)
  const before = { atMs: performance.now(), cpuS: cpuWithChildrenS(program.pid) }
  await sleep(seconds * 1000)
  return {
    cpuRatio: (cpuWithChildrenS(program.pid) - before.cpuS) / ((performance.now() - before.atMs) / 1000),
    rssMiB: program.rssBytes() / 2 ** 20,
    peakMiB: program.peakRssBytes() / 2 ** 20,
  }
}

const print = (text: string) => process.stdout.write(`${text}\n`)
const figures = (name: string, f: Figures) =>
  print(
    `${name.padEnd(70)} CPU ${(100 * f.cpuRatio).toFixed(2)} % of a core, RSS ${f.rssMiB.toFixed(0)} MiB (peak ${f.peakMiB.toFixed(0)})`,
  )

const { folder, remove } = await bundlePrograms()
const home = mkdtempSync(join(tmpdir(), 'perwatt-bench-nvml-'))
const stub = buildStub(facts())
const broker = await startMosquitto()
const running: Program[] = []
const start: typeof startProgram = async (...args) => {
  const program = await startProgram(...args)
  running.push(program)
  return program
}

async function agentRun(name: string, device: object, nodeArgs: readonly string[] = []): Promise<Figures> {
  const file = join(home, `${name}.yaml`)
  const config = {
    site: 'bench',
    agent: name,
    simulated: true,
    pollInterval: '1s',
    mqtt: { url: broker.url },
    spool: { folder: join(home, `${name}-spool`) },
    log: { level: 'warn' },
    devices: [{ id: 'gpu-01', ...device }],
  }
  writeFileSync(file, JSON.stringify(config))
  const agent = await start(folder, 'agent', { args: ['run', '--config', file], core: AGENT_CORE, nodeArgs })
  try {
    return await measure(agent)
  } finally {
    await agent.stop()
  }
}

try {
  processTable(home)
  print(
    `${gpus} GPUs with ${processes} processes every second, ${seconds} s each${canPin ? `; each on core ${AGENT_CORE}` : ''}`,
  )
  const owners = {
    proc: join(home, 'proc'),
    cgroups: join(home, 'cgroups'),
    dockerSocket: join(home, 'docker.sock'),
    podmanSocket: join(home, 'podman.sock'),
  }
  // nobody listens there: it is asked less and less often
  const nothing = { driver: 'dcgm', url: 'http://127.0.0.1:9/metrics' }
  figures('agent that reads nothing', await agentRun('nothing', nothing))
  const device = { driver: 'nvml', via: 'nvml', library: stub.library, owners }
  const nvml = await agentRun('nvml', device)
  figures('agent with NVML', nvml)
  figures(`the same, node ${SMALL_HEAP.join(' ')}`, await agentRun('small-heap', device, SMALL_HEAP))
  const spawning = await start(folder, 'smi-spawner', { args: [fakeSmi(home)], core: AGENT_CORE })
  const spawned = await measure(spawning)
  figures('a bare reader that starts nvidia-smi each time', spawned)
  print(
    `${'agent with NVML / bare reader'.padEnd(70)} CPU ${(nvml.cpuRatio / spawned.cpuRatio).toFixed(2)}, RSS ${(nvml.rssMiB / spawned.rssMiB).toFixed(2)}`,
  )
} finally {
  for (const program of running) await program.stop()
  await broker.stop()
  stub.remove()
  rmSync(home, { recursive: true, force: true })
  remove()
}

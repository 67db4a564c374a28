import { execFileSync } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SOURCE = 'test/agent/drivers/nvml/stub.c'

/** What the stand-in answers: see stub.c for the keys. */
export type Facts = Readonly<Record<string, string | number>>

export interface NvmlStub {
  /** the library's path */
  library: string
  folder: string
  /** from now on it answers this; what hangs and is no longer said to comes back */
  answer(facts: Facts): void
  remove(): void
}

/** A library of its own in a folder of its own. @param without functions that it lacks */
export function buildStub(facts: Facts, without: readonly string[] = []): NvmlStub {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-nvml-'))
  const library = join(folder, 'libnvidia-ml.so.1')
  const renamed = without.map((name) => `-D${name}=absent_${name}`)
  execFileSync('gcc', [
    '-shared',
    '-fPIC',
    '-O1',
    '-w',
    ...renamed,
    '-o',
    library,
    SOURCE,
    '-lpthread',
    '-ldl',
  ])
  const answer = (all: Facts) => {
    const text = Object.entries(all).map(([key, value]) => `${key} ${value}\n`)
    writeFileSync(join(folder, 'stub.new'), text.join(''))
    renameSync(join(folder, 'stub.new'), join(folder, 'stub.txt'))
  }
  answer(facts)
  return { library, folder, answer, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

const MIB = 2 ** 20
const uuid = (n: number) => `GPU-00000000-0000-4000-8000-00000000000${n}`

/** Two boards of an invented host: one computes for three processes, one does nothing. */
export const TWO_GPUS: Facts = {
  count: 2,
  nvmlSystemGetDriverVersion: '580.65.06',
  nvmlDeviceGetName: 'NVIDIA H100 80GB HBM3',
  'gpu0.nvmlDeviceGetUUID': uuid(0),
  'gpu1.nvmlDeviceGetUUID': uuid(1),
  nvmlDeviceGetMigMode: 0,
  'gpu0.nvmlDeviceGetFieldValues.185': 612_480,
  'gpu0.nvmlDeviceGetFieldValues.186': 640_125,
  'gpu0.nvmlDeviceGetFieldValues.82': 66,
  'gpu0.nvmlDeviceGetPowerUsage': 611_000,
  'gpu1.nvmlDeviceGetPowerUsage': 71_250,
  nvmlDeviceGetEnforcedPowerLimit: 700_000,
  // past 2^32: it is 64 bits wide
  'gpu0.nvmlDeviceGetTotalEnergyConsumption': 9_007_199_254_123,
  'gpu0.nvmlDeviceGetUtilizationRates': '97 40',
  'gpu1.nvmlDeviceGetUtilizationRates': '0 0',
  nvmlDeviceGetMemoryInfo_v2: `${81_559 * MIB} ${479 * MIB} ${10_000 * MIB} ${71_080 * MIB}`,
  nvmlDeviceGetMemoryInfo: `${81_559 * MIB} ${10_000 * MIB} ${71_559 * MIB}`,
  'nvmlDeviceGetTemperature.0': 61,
  'nvmlDeviceGetClockInfo.1': 1_980,
  'nvmlDeviceGetClockInfo.2': 2_619,
  'nvmlDeviceGetTotalEccErrors.0': 3,
  'nvmlDeviceGetTotalEccErrors.1': 0,
  nvmlDeviceGetRemappedRows: 0,
  'gpu0.nvmlDeviceGetComputeRunningProcesses_v3.0': `4711 ${40_000 * MIB}`,
  'gpu0.nvmlDeviceGetComputeRunningProcesses_v3.1': `4712 ${20_000 * MIB}`,
  'gpu0.nvmlDeviceGetComputeRunningProcesses_v3.2': '4713',
  'gpu1.nvmlDeviceGetComputeRunningProcesses_v3': 'none',
  'gpu0.nvmlDeviceGetProcessUtilization.0': '4711 1000 60',
  'gpu0.nvmlDeviceGetProcessUtilization.1': '4712 1000 37',
}

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** The common way: nvidia-smi is started for each poll, once for the GPUs and once for the processes, and its rows are parsed. */
const ask = promisify(execFile)
const [, , program = 'nvidia-smi'] = process.argv
const INTERVAL_MS = 1000

const QUERIES = [
  '--query-gpu=index,uuid,name,driver_version,power.draw,power.draw.instant,enforced.power.limit,utilization.gpu,memory.used,memory.total,temperature.gpu,temperature.memory,clocks.current.sm,clocks.current.memory,fan.speed,ecc.errors.corrected.volatile.total,ecc.errors.uncorrected.volatile.total',
  '--query-compute-apps=gpu_uuid,pid,used_gpu_memory',
]

const rows = async (query: string) => {
  const { stdout } = await ask(program, [query, '--format=csv,noheader,nounits'])
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(', '))
}

setInterval(() => void Promise.all(QUERIES.map(rows)), INTERVAL_MS)

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { reasonOf } from '../../protocol/kit/errors.ts'
import { codeOf } from './proc.ts'

/** A job that was given a GPU, or a MIG instance of it. */
export interface PrologEntry {
  job: string
  index: number
  instance?: number
}

const MAX_FILES = 1024
const JOB = /^[A-Za-z0-9_.+-]{1,64}$/

/**
 * Reads the folder in which Slurm's prolog writes who has which GPU, as for dcgm-exporter's `--hpc-job-mapping-dir`: a file
 * for each GPU (`0`) or MIG instance (`2.1`: GPU 2, GPU instance 1), with a job id a line. The epilog empties or removes it.
 * @throws Error that says what to do
 */
export async function readPrologFolder(folder: string): Promise<PrologEntry[]> {
  try {
    const files = (await readdir(folder))
      .filter((name) => /^\d{1,4}(\.\d{1,4})?$/.test(name))
      .slice(0, MAX_FILES)
    const entries = await Promise.all(files.map((file) => readEntries(folder, file)))
    return entries.flat()
  } catch (error) {
    throw new Error(
      `${reasonOf(error)}; let the agent's user read the folder and its files, or correct slurm.prologFolder`,
      {
        cause: error,
      },
    )
  }
}

async function readEntries(folder: string, file: string): Promise<PrologEntry[]> {
  // the epilog may have removed it since
  const text = await readFile(join(folder, file), 'utf8').catch((error) => {
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  })
  const [index, instance] = file.split('.').map(Number)
  const jobs = new Set(text.split('\n').map((line) => line.trim()))
  return [...jobs]
    .filter((job) => JOB.test(job))
    .map((job) => ({ job, index: index ?? 0, ...(instance !== undefined && { instance }) }))
}

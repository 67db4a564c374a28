import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { reasonOf } from '../../protocol/kit/errors.ts'
import { errnoCode } from './errno.ts'

/** A GPU, or a MIG instance of it, that a job was given. */
export interface PrologEntry {
  job: string
  index: number
  instance?: number
}

const MAX_FILES = 1024
const JOB = /^[A-Za-z0-9_.+-]{1,64}$/

/**
 * Reads the folder in which Slurm's prolog records which job has which GPU, in the form of dcgm-exporter's
 * `--hpc-job-mapping-dir`: a file for each GPU (`0`) or MIG instance (`2.1` is GPU 2, GPU instance 1), with one job id a line. The
 * epilog empties or removes the file.
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
  // the epilog may have removed the file since it was listed
  const text = await readFile(join(folder, file), 'utf8').catch((error) => {
    if (errnoCode(error) === 'ENOENT') return ''
    throw error
  })
  const [index, instance] = file.split('.').map(Number)
  const jobs = new Set(text.split('\n').map((line) => line.trim()))
  return [...jobs]
    .filter((job) => JOB.test(job))
    .map((job) => ({ job, index: index ?? 0, ...(instance !== undefined && { instance }) }))
}

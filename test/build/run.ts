import { execFile } from 'node:child_process'

export interface Ended {
  /** undefined where a signal (the deadline's too) ended it */
  code: number | undefined
  stdout: string
  stderr: string
}

/** Runs a program to its end, with just this environment, for at most a minute. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, args, { ...options, timeout: 300_000 }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : undefined) : 0
      resolve({ code, stdout, stderr })
    }).stdin?.end()
  })
}

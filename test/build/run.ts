import { execFile } from 'node:child_process'

export interface Ended {
  /** undefined where a signal (the deadline's too) ended it */
  code: number | undefined
  stdout: string
  stderr: string
}

/** Runs a program to its end, with just this environment, for at most a minute where no time is given. */
export function run(
  command: string,
  args: readonly string[],
  { timeoutMs = 60_000, ...options }: { cwd?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { ...options, timeout: timeoutMs, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : undefined) : 0
        resolve({ code, stdout, stderr })
      },
    ).stdin?.end()
  })
}

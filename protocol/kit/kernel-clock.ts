import { execFile } from 'node:child_process'

const TIMEOUT_MS = 3_000
/** STA_UNSYNC of adjtimex(2). */
const UNSYNCHRONISED = 64

interface Question {
  program: string
  args: readonly string[]
  /** what its output says; undefined: nothing */
  read(output: string): boolean | undefined
}

/** Programs that tell whether the kernel's clock is kept by NTP, each with its output. The first that answers counts. */
const QUESTIONS: readonly Question[] = [
  {
    // systemd: whatever keeps the time, it asks the kernel
    program: 'timedatectl',
    args: ['show', '--property=NTPSynchronized', '--value'],
    read: (output) => (/^yes$/m.test(output) ? true : /^no$/m.test(output) ? false : undefined),
  },
  {
    // chronyc(1), CSV: the last field is the leap status
    program: 'chronyc',
    args: ['-c', 'tracking'],
    read: (output) =>
      /,(Normal|Insert second|Delete second)$/m.test(output)
        ? true
        : /,Not synchronised$/m.test(output)
          ? false
          : undefined,
  },
  {
    // Debian's adjtimex(8)
    program: 'adjtimex',
    args: ['--print'],
    read: (output) => {
      const status = /^\s*status:\s*(\d+)/m.exec(output)?.[1]
      return status === undefined ? undefined : (Number(status) & UNSYNCHRONISED) === 0
    },
  },
]

type Run = (program: string, args: readonly string[]) => Promise<string | undefined>

const runProgram: Run = (program, args) =>
  new Promise((resolve) => {
    execFile(program, [...args], { timeout: TIMEOUT_MS, maxBuffer: 1 << 16 }, (error, stdout) =>
      resolve(error ? undefined : stdout),
    )
  })

/** An answer counts this long for the whole program: however many agents run in it, they have one kernel. */
export const KERNEL_ANSWER_MS = 30_000
let asked: { atMs: number; answer: Promise<boolean | undefined> } | undefined

/** Whether NTP keeps this computer's clock, by what the kernel or chrony says; undefined where no program tells. Never rejects. */
export function isSynchronised(): Promise<boolean | undefined> {
  const atMs = performance.now()
  if (!asked || atMs - asked.atMs > KERNEL_ANSWER_MS) asked = { atMs, answer: askPrograms(runProgram) }
  return asked.answer
}

/** The same by programs that `run` runs: it gives their output, or undefined where one is missing or fails. */
export async function askPrograms(run: Run): Promise<boolean | undefined> {
  for (const { program, args, read } of QUESTIONS) {
    const output = await run(program, args)
    const found = output === undefined ? undefined : read(output)
    if (found !== undefined) return found
  }
  return undefined
}

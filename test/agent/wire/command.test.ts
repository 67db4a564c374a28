import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Program, type ProgramOptions } from '../../../agent/wire/command.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'
import { DEADLINE_MS, keepDeadlines } from '../../deadlines.ts'
import { eventually } from '../../eventually.ts'
import { soon } from '../asic-harness.ts'
import { fakeProgram } from '../fake-program.ts'

const program = (script: string, options: Partial<ProgramOptions> = {}) => {
  const path = fakeProgram('askit', script)
  return { path, askit: new Program(path, { install: 'apt-get install askit', ...options }) }
}
const runs = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

test('what a program prints is the answer, its arguments as they are', async () => {
  const { askit } = program('printf "%s|" "$@"')
  expect(await askit.run(['a b', '$HOME', '; rm x', '*'], soon())).toBe('a b|$HOME|; rm x|*|')
})

test('a secret goes by the environment, and the language is the one that is read', async () => {
  const { askit } = program('echo "$PASSWORD $LC_ALL"', { env: { PASSWORD: 'sesame' } })
  expect(await askit.run([], soon())).toBe('sesame C\n')
})

test('a program that is not there is an error that says how to install it', async () => {
  const absent = new Program('perwatt-no-such-program', { install: 'apt-get install nothing' })
  await expect(absent.run([], soon())).rejects.toMatchObject({
    code: 'not-installed',
    message: 'perwatt-no-such-program is not installed: apt-get install nothing, or set its path as program',
  })
})

test('a file that is no program may not be run', async () => {
  await expect(new Program('/proc/version', { install: 'x' }).run([], soon())).rejects.toMatchObject({
    code: 'not-permitted',
  })
})

test('a failure says how it ended, its last words, and what to do about them', async () => {
  const hints = [[/Permission denied/, 'add the user to the group askers']] as const
  const { askit, path } = program('echo Traceback >&2; echo "cannot open: Permission denied" >&2; exit 13', {
    hints,
  })
  await expect(askit.run(['now'], soon())).rejects.toMatchObject({
    code: 'command-failed',
    message: `${path} now exits with 13: cannot open: Permission denied; add the user to the group askers`,
    output: expect.stringContaining('Traceback'),
  })
})

test.each([
  ['exit 3', 'exits with 3: it writes nothing; run it by hand to see more'],
  ['echo out; exit 3', 'exits with 3: out; run it by hand'],
  ['kill -SEGV $$', 'is ended by SIGSEGV'],
])('%s: %s', async (script, words) => {
  await expect(program(script).askit.run([], soon())).rejects.toThrow(words)
})

/** The number of a process that the program at `path` wrote down. */
const pidOf = (path: string, name: string): number =>
  existsSync(`${path}.${name}`) ? Number(readFileSync(`${path}.${name}`, 'utf8')) : 0

/** Runs a program whose deadline passes when `isReady`, however long that takes. @returns the error */
async function endedWhen(isReady: () => boolean, run: (signal: AbortSignal) => Promise<string>) {
  const passDeadlines = keepDeadlines()
  try {
    const ended = withDeadline(run, DEADLINE_MS).catch((error) => error)
    await eventually(isReady, Boolean)
    passDeadlines()
    return await ended
  } finally {
    passDeadlines()
  }
}

test('a program that hangs is killed at the deadline, with all that it has started', async () => {
  const { askit, path } = program('sleep 600 & echo $! > "$0.child"; echo $$ > "$0.own"; wait')
  const pids = () => ['child', 'own'].map((name) => pidOf(path, name))
  const reason = await endedWhen(
    () => pids().every(Boolean),
    (signal) => askit.run(['slowly'], signal),
  )
  expect(reason).toMatchObject({ code: 'no-reply' })
  expect(reason.message).toMatch(/askit slowly gives no answer in \d+ ms and is killed; run it by hand/)
  for (const pid of pids()) await expect.poll(() => runs(pid)).toBe(false)
})

test('who is left behind with the output open is waited for no longer than the deadline, and killed', async () => {
  const { askit, path } = program('sleep 600 & echo $! > "$0.child"; echo $$ > "$0.own"; echo done')
  const own = () => pidOf(path, 'own')
  const reason = await endedWhen(
    () => own() > 0 && !runs(own()),
    (signal) => askit.run([], signal),
  )
  expect(reason).toMatchObject({ code: 'no-reply' })
  await expect.poll(() => runs(pidOf(path, 'child'))).toBe(false)
})

test('an output without end is refused', async () => {
  const { askit } = program('while :; do echo yes; done', { maxBytes: 10_000 })
  await expect(askit.run([], soon())).rejects.toMatchObject({ code: 'too-large' })
})

test('a signal that ended before starts nothing', async () => {
  const { askit, path } = program('touch "$0.ran"')
  await expect(askit.run([], AbortSignal.abort(new Error('the agent stops')))).rejects.toThrow(
    'the agent stops',
  )
  expect(existsSync(`${path}.ran`)).toBe(false)
})

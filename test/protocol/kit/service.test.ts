import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLog, SILENT } from '../../../protocol/kit/log.ts'
import { StopSteps } from '../../../protocol/kit/stop-steps.ts'

/** A service whose start, or a step of whose stop, never ends. */
const PROGRAM = `
import { writeSync } from 'node:fs'
import { createLog } from './protocol/kit/log.ts'
import { serve } from './protocol/kit/service.ts'
import { StopSteps } from './protocol/kit/stop-steps.ts'
const never = new Promise(() => setInterval(() => {}, 1000))
const log = createLog({ write: (line) => writeSync(1, line) })
const what = process.argv[2]
await serve({
  log,
  load: () => ({}),
  async start() {
    log.info('starts')
    if (what === 'start hangs') await never
    log.info('runs')
    return {
      async stop() {
        const steps = new StopSteps(1000, log)
        await steps.wait('ledger', what === 'stop is late' ? never : Promise.resolve(), 500)
        await steps.wait('store', Promise.resolve().then(() => log.info('store closed')))
        steps.end()
      },
    }
  },
})
`

let folder: string
const children: ChildProcess[] = []
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-service-'))
  await build({
    stdin: { contents: PROGRAM, resolveDir: join(import.meta.dirname, '../../..'), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: join(folder, 'program.mjs'),
    logLevel: 'error',
  })
})
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Ends the program by a signal once it says a word. @returns its exit status and what it said */
async function ended(what: string, word: string, signal: NodeJS.Signals) {
  const child = spawn(process.execPath, [join(folder, 'program.mjs'), what], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const gone = once(child, 'exit')
  let said = ''
  let sent = false
  for await (const piece of child.stdout) {
    said += String(piece)
    if (sent || !said.includes(`"${word}"`)) continue
    sent = true
    child.kill(signal)
  }
  const [status] = await gone
  return {
    status,
    events: said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event as string),
  }
}

describe('a service', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'whose start hangs ends on %s, and that is no failure',
    async (signal) => {
      expect(await ended('start hangs', 'starts', signal)).toEqual({
        status: 0,
        events: ['starts', 'ended while it was starting'],
      })
    },
  )

  it('a part of which is still at work ends in time, with its store closed, and that is no failure', async () => {
    expect(await ended('stop is late', 'runs', 'SIGTERM')).toEqual({
      status: 0,
      events: [
        'starts',
        'runs',
        'store closed',
        'some parts were still at work; nothing that is stored is lost, and the agents have the rest',
      ],
    })
  })

  it('that stops in time says nothing', async () => {
    expect(await ended('', 'runs', 'SIGTERM')).toEqual({
      status: 0,
      events: ['starts', 'runs', 'store closed'],
    })
  })
})

describe('the steps of a stop', () => {
  it('go on after one that fails, and name it', async () => {
    const lines: string[] = []
    const steps = new StopSteps(1000, createLog({ write: (line) => lines.push(line) }))
    await steps.wait('ledger', Promise.reject(new Error('disk full')))
    await steps.wait('store', undefined)
    steps.end()
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'a part did not stop cleanly', part: 'ledger', reason: 'disk full' },
    ])
  })

  it('leave time for those after them, however late they are', async () => {
    const steps = new StopSteps(0, SILENT)
    let closed = false
    await steps.wait('ledger', new Promise(() => {}))
    await steps.wait(
      'store',
      Promise.resolve().then(() => {
        closed = true
      }),
    )
    expect(closed).toBe(true)
  })
})

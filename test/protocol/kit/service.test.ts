import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLog, SILENT } from '../../../protocol/kit/log.ts'
import { StopSteps } from '../../../protocol/kit/stop-steps.ts'

/** A service whose start, or a step of whose stop, never ends, or whose files hang: a FIFO that nobody writes stands for a dead disk. */
const PROGRAM = `
import { execFileSync } from 'node:child_process'
import { rmSync, writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readNow } from './protocol/kit/answering-files.ts'
import { createLog } from './protocol/kit/log.ts'
import { serve } from './protocol/kit/service.ts'
import { StopSteps } from './protocol/kit/stop-steps.ts'
const never = new Promise(() => setInterval(() => {}, 1000))
const log = createLog({ write: (line) => writeSync(1, line) })
const what = process.argv[2]
const folder = join(dirname(process.argv[1]), 'disk')
const file = join(folder, 'fifo')
await serve({
  log,
  load() {
    log.info('loads')
    if (what === 'configuration hangs') readNow(file)
    if (what === 'reload hangs') readNow(join(folder, 'configuration'))
    return {}
  },
  folders() {
    if (what !== 'folder hangs') return []
    // the look at the folder begins before the next turn of the event loop
    setImmediate(() => process.kill(process.pid, 'SIGTERM'))
    return [folder]
  },
  async start() {
    log.info('starts')
    if (what === 'start hangs') await never
    if (what === 'start fails') throw new Error('the port is taken')
    if (what === 'start reads') await readFile(file)
    if (what === 'it reads') void readFile(file).catch(() => {})
    if (what === 'reload hangs') {
      rmSync(join(folder, 'configuration'))
      execFileSync('mkfifo', [join(folder, 'configuration')])
      // the configuration is read again before the turn after the one that takes SIGHUP
      process.on('SIGHUP', () => setImmediate(() => setImmediate(() => process.kill(process.pid, 'SIGTERM'))))
      process.kill(process.pid, 'SIGHUP')
    }
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
}).catch((error) => {
  log.error(error.message)
  process.exitCode = 1
})
`

let folder: string
const children: ChildProcess[] = []
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-service-'))
  mkdirSync(join(folder, 'disk'))
  execFileSync('mkfifo', [join(folder, 'disk', 'fifo')])
  writeFileSync(join(folder, 'disk', 'configuration'), '')
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
    if (sent || !word || !said.includes(`"${word}"`)) continue
    sent = true
    child.kill(signal)
  }
  const [status, by] = await gone
  return {
    end: status ?? by,
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
        end: 'SIGTERM',
        events: ['loads', 'starts', 'ended while it was starting'],
      })
    },
  )

  it.each([
    ['its configuration', 'configuration hangs', 'loads', ['loads']],
    ['its folder', 'folder hangs', '', ['loads', 'ended while it was starting']],
    ['what its start reads', 'start reads', 'starts', ['loads', 'starts', 'ended while it was starting']],
    ['what it reads while it runs', 'it reads', 'runs', ['loads', 'starts', 'runs', 'store closed']],
    ['a configuration that is read again', 'reload hangs', '', ['loads', 'starts', 'runs', 'store closed']],
  ])('ends on SIGTERM where a file hangs: %s', async (_, what, word, events) => {
    expect(await ended(what, word, 'SIGTERM')).toEqual({ end: 'SIGTERM', events })
  })

  it('a part of which is still at work ends in time, with its store closed, and that is no failure', async () => {
    expect(await ended('stop is late', 'runs', 'SIGTERM')).toEqual({
      // an ordinary exit would wait for a thread that hangs
      end: 'SIGTERM',
      events: [
        'loads',
        'starts',
        'runs',
        'store closed',
        'some parts were still at work; nothing that is stored is lost, and the agents have the rest',
      ],
    })
  })

  it('whose start fails ends, though a part of it goes on', async () => {
    expect(await ended('start fails', '', 'SIGTERM')).toEqual({
      end: 1,
      events: ['loads', 'starts', 'the port is taken'],
    })
  })

  it('that stops in time says nothing', async () => {
    expect(await ended('', 'runs', 'SIGTERM')).toEqual({
      end: 0,
      events: ['loads', 'starts', 'runs', 'store closed'],
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

import { execFileSync } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Outbox } from '../../../collector/alerts/outbox.ts'
import { createLog } from '../../../protocol/kit/log.ts'
import { SmallFiles } from '../../../protocol/kit/small-files.ts'

let folder: string
let lines: string[]
let nowMs: number
let files: SmallFiles
const hanging: string[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-files-'))
  lines = []
  nowMs = 0
  files = new SmallFiles(createLog({ write: (line) => lines.push(line) }), () => nowMs)
})
afterEach(async () => {
  // whoever reads a pipe lets its writer go on
  const read = hanging.splice(0).map((pipe) => openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK))
  await files.run('the last', async () => undefined)
  for (const fd of read) closeSync(fd)
  rmSync(folder, { recursive: true })
})

/** A file that never answers, as on a disk that has died: a pipe that nobody reads. */
function hangs(file: string): void {
  execFileSync('mkfifo', [`${file}.new`])
  hanging.push(`${file}.new`)
}

it('writes one file after the other, and of texts that wait for the same one the newest', async () => {
  const [a, b] = ['a', 'b'].map((name) => join(folder, name)) as [string, string]
  await Promise.all([
    files.replace(a, '1'),
    files.replace(b, 'x'),
    files.replace(b, 'y'),
    files.replace(a, '2'),
  ])
  expect([a, b].map((file) => readFileSync(file, 'utf8'))).toEqual(['2', 'y'])
  expect(files.trouble).toBeUndefined()
})

it('tells which file is refused, and no more once it is written', async () => {
  const file = join(folder, 'a')
  mkdirSync(`${file}.new`)
  await expect(files.replace(file, '1')).rejects.toThrow(/EISDIR/)
  nowMs = 40_000
  expect(files.trouble).toEqual({ file, reason: expect.stringMatching(/EISDIR/), stillS: 40 })
  rmSync(`${file}.new`, { recursive: true })
  await files.replace(file, '1')
  expect(files.trouble).toBeUndefined()
})

it('tells a disk that does not answer, and holds up neither the program nor its other threads', async () => {
  const dead = join(folder, 'dead')
  hangs(dead)
  const done = Array.from({ length: 8 }, (_, i) => files.replace(i === 0 ? dead : join(folder, `${i}`), 'x'))
  // names are looked up by the same four threads
  await lookup('localhost')
  nowMs = 6_000
  expect(files.trouble).toEqual({ file: dead, reason: 'its disk does not answer', stillS: 6 })
  expect(done).toHaveLength(8)
})

it('an alert is sent from memory where the disk of the outbox does not answer', async () => {
  const file = join(folder, 'outbox.jsonl')
  hangs(file)
  const outbox = new Outbox({ file, files, log: createLog({ write: (line) => lines.push(line) }) })
  const message = { id: '1', type: 'alert.firing', atMs: 1, data: {} }
  const added = outbox.add('ops', [message])
  expect(outbox.head('ops')).toBeUndefined()
  await added
  expect(outbox.head('ops')?.message).toEqual(message)
  outbox.settle('ops', '1')
  expect(outbox.queued('ops')).toBe(0)
})

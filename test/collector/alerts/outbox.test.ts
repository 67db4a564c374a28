import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Outbox, type OutboxOptions } from '../../../collector/alerts/outbox.ts'
import type { OutgoingMessage } from '../../../collector/plugin/channel.ts'
import { createLog, SILENT } from '../../../protocol/kit/log.ts'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-outbox-'))
  file = join(folder, 'outbox.jsonl')
})
afterEach(async () => {
  for (const outbox of opened.splice(0)) await outbox.close()
  rmSync(folder, { recursive: true })
})

const message = (id: string): OutgoingMessage => ({ id, type: 'alert.firing', atMs: 1, data: { n: id } })
const opened: Outbox[] = []
function open(more: Partial<OutboxOptions> = {}): Outbox {
  const outbox = new Outbox({ file, log: SILENT, ...more })
  opened.push(outbox)
  return outbox
}
/** What was done so far is on disk. */
const flushed = () => Promise.all(opened.map((outbox) => outbox.flushed()))
/** The ids that wait, in order, by taking them out. */
function drain(outbox: Outbox, to = 'a'): string[] {
  const ids: string[] = []
  for (let entry = outbox.head(to); entry; entry = outbox.head(to)) {
    ids.push(entry.message.id)
    outbox.settle(to, entry.message.id)
  }
  return ids
}

describe('the outbox', () => {
  test('gives back after a kill what was added and not settled, whole, in order, with its attempts', async () => {
    const before = open()
    await before.add('a', [message('1'), message('2'), message('3')])
    before.settle('a', '1')
    before.failed('a', '2')
    before.failed('a', '2')
    // no close: the process is gone
    await flushed()
    const after = open()
    expect(after.head('a')).toEqual({ message: message('2'), attempts: 2 })
    expect(drain(after)).toEqual(['2', '3'])
  })

  test('keeps receivers apart', async () => {
    const outbox = open()
    await outbox.add('a', [message('1')])
    await outbox.add('b', [message('1'), message('2')])
    outbox.settle('a', '1')
    expect(outbox.receivers()).toEqual(['b'])
    expect(drain(outbox, 'b')).toEqual(['1', '2'])
  })

  test('takes an id once, also after it was settled and after a restart', async () => {
    const before = open()
    await before.add('a', [message('1')])
    await before.add('a', [message('1')])
    expect(before.queued('a')).toBe(1)
    before.settle('a', '1')
    await before.add('a', [message('1')])
    expect(before.queued('a')).toBe(0)
    await flushed()
    const after = open()
    await after.add('a', [message('1')])
    expect(after.queued('a')).toBe(0)
  })

  test('loses nothing but the last line where that line is torn, at every byte', async () => {
    const outbox = open()
    await outbox.add('a', [message('1')])
    const whole = statSync(file).size
    await outbox.add('a', [message('2')])
    const text = readFileSync(file)
    for (let size = whole; size < text.length; size++) {
      rmSync(file)
      appendFileSync(file, text)
      truncateSync(file, size)
      expect(drain(open())).toEqual(['1'])
    }
  })

  test('passes over a line that is not its own, and says so', async () => {
    await open().add('a', [message('1')])
    appendFileSync(file, 'garbage\n{"what":"else"}\n')
    const lines: string[] = []
    const outbox = open({ log: createLog({ write: (line) => lines.push(line) }) })
    await outbox.add('a', [message('2')])
    expect(drain(outbox)).toEqual(['1', '2'])
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'outbox-damaged', unreadableLines: 2, tornTail: false },
    ])
  })

  test('drops the oldest of a receiver beyond its bound, says so, and spares the other receivers', async () => {
    const lines: string[] = []
    const outbox = open({ maxQueued: 3, log: createLog({ write: (line) => lines.push(line) }) })
    await outbox.add('b', [message('1')])
    await outbox.add('a', ['1', '2', '3'].map(message))
    expect(lines).toEqual([])
    await outbox.add('a', ['4', '5'].map(message))
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'outbox-full', receiver: 'a', droppedOldest: 2 },
    ])
    await flushed()
    const after = open({ maxQueued: 3 })
    expect(drain(after)).toEqual(['3', '4', '5'])
    expect(drain(after, 'b')).toEqual(['1'])
  })

  test('keeps dead letters over a restart, with their reason, and sends them again when told', async () => {
    const before = open()
    await before.add('a', [message('1'), message('2')])
    before.bury('a', '1', 'answered 400')
    expect(before.head('a')?.message.id).toBe('2')
    await flushed()
    const after = open()
    expect(after.dead('a')).toEqual([{ message: message('1'), reason: 'answered 400' }])
    expect(after.replay('a')).toBe(1)
    await flushed()
    expect(after.dead('a')).toEqual([])
    expect(drain(after)).toEqual(['2', '1'])
  })

  test('does not grow with what has passed through it', async () => {
    const outbox = open({ keep: 10 })
    let largest = 0
    for (let i = 0; i < 600; i++) {
      await outbox.add('a', [message(String(i))])
      outbox.settle('a', String(i))
      largest = Math.max(largest, statSync(file).size)
    }
    expect(largest).toBeLessThan(120_000)
    await flushed()
    expect(open({ keep: 10 }).queued('a')).toBe(0)
  })
})

test('a disk that refuses is said once, messages wait in memory, and are on disk when it is well again', async () => {
  const lines: string[] = []
  // a folder where the new file should be: refused to root too
  mkdirSync(`${file}.new`)
  const outbox = open({ log: createLog({ write: (line) => lines.push(line) }) })
  await outbox.add('a', [message('1')])
  await outbox.add('a', [message('2')])
  expect(outbox.queued('a')).toBe(2)
  rmSync(`${file}.new`, { recursive: true })
  await outbox.add('a', [message('3')])
  expect(lines.map((line) => JSON.parse(line).event)).toEqual(['outbox-not-written', 'outbox-written-again'])
  expect(drain(open())).toEqual(['1', '2', '3'])
})

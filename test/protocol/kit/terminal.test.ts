import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createLog } from '../../../protocol/kit/log.ts'
import { table } from '../../../protocol/kit/table.ts'
import { plain, plainJson, plainLines, printed } from '../../../protocol/kit/terminal.ts'
import { obeyedCharacters } from '../../obeyed-characters.ts'

it.each([
  ['ESC, a colour', '\u001b[31mred\u001b[0m', '\\u001b[31mred\\u001b[0m'],
  ['ESC, the title of the window', 'a\u001b]0;title\u0007b', 'a\\u001b]0;title\\u0007b'],
  ['C1, the same in one character', '\u009b2Jgone', '\\u009b2Jgone'],
  ['a new line', 'rig-1\nrig-2 192.0.2.1 hashing', 'rig-1\\nrig-2 192.0.2.1 hashing'],
  ['a carriage return and a tab', 'faulty\rhashing\t', 'faulty\\rhashing\\t'],
  ['backspace and DEL', 'idle\b\b\b\b\u007f', 'idle\\u0008\\u0008\\u0008\\u0008\\u007f'],
  ['a bidi override', 'S21\u202e elbaliava', 'S21\\u202e elbaliava'],
  ['a bidi isolate and a mark', '\u2066a\u2069\u200f', '\\u2066a\\u2069\\u200f'],
  ['zero width and BOM', 'S\u200b21\ufeff', 'S\\u200b21\\ufeff'],
  ['separators of lines and paragraphs', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
  ['a tag beyond U+FFFF', 'a\u{e0041}', 'a\\udb40\\udc41'],
  ['half a surrogate', 'a\ud800', 'a\\ud800'],
  ['ordinary text in any script', '日本 Müller ° № 😀 العربية', '日本 Müller ° № 😀 العربية'],
])('%s stands as its escape', (_what, text, shown) => {
  expect(plain(text)).toBe(shown)
})

it('JSON has no character that a terminal obeys, and parses to exactly the value (property)', () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 1 }),
      fc.string({ unit: 'binary', maxLength: 12 }),
      (value, text) => {
        const said = plainJson({ value, [text]: text }, 2)
        expect(JSON.parse(said)).toEqual(JSON.parse(JSON.stringify({ value, [text]: text })))
        expect(obeyedCharacters(said)).toEqual([])
        expect(obeyedCharacters(plain(text))).toEqual([])
        expect(plain(text)).not.toContain('\n')
      },
    ),
  )
})

it('lines of a text stay lines, as CSV ends them too', () => {
  expect(plainLines('a\u001bb\r\nc\rd\n')).toBe('a\\u001bb\r\nc\\rd\n')
})

it('a cell of a table is one line, and does not move the columns', () => {
  expect(
    table(
      ['device', 'model'],
      [
        ['rig\n', '\u001b[2J'],
        ['rig-1', 'S21'],
      ],
    ).split('\n'),
  ).toEqual(['device  model', 'rig\\n   \\u001b[2J', 'rig-1   S21'])
})

it('a line of the log is one line of exact JSON, whatever a machine is called', () => {
  const lines: string[] = []
  const reason = '\u001b[2J\u009b1m\u202e\n'
  createLog({ write: (line) => lines.push(line) }).warn('not read', { reason })
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] as string)).toMatchObject({ event: 'not read', reason })
  expect(obeyedCharacters(lines.join())).toEqual([])
})

it('nothing prints past this room', () => {
  // log.ts has a line of plainJson, report.ts the bytes of an export, as plainLines on a terminal
  const own = ['protocol/kit/terminal.ts', 'protocol/kit/log.ts', 'collector/commands/report.ts']
  const files = ['agent', 'collector', 'protocol'].flatMap((room) =>
    readdirSync(room, { recursive: true }).map((name) => join(room, String(name))),
  )
  const printing = files.filter(
    (file) =>
      file.endsWith('.ts') &&
      !file.startsWith('collector/screens/web/') &&
      /\b(stdout|stderr)\.write\(|\bconsole\.\w+\(/.test(readFileSync(file, 'utf8')),
  )
  expect(printing.sort()).toEqual(own.sort())
})

it('waits until all that was printed is written, as into a pipe that takes 64 KiB at once', async () => {
  let written = 0
  const pipe = new Writable({
    write(chunk: Buffer, _, done) {
      setTimeout(() => {
        written += chunk.length
        done()
      }, 20)
    },
  })
  for (let i = 0; i < 3; i++) pipe.write(Buffer.alloc(65_536))
  await printed([pipe])
  expect(written).toBe(3 * 65_536)
})

it('waits for no pipe whose reader has ended', async () => {
  const gone = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) })
  gone.on('error', () => undefined)
  gone.write('a')
  await printed([gone])
})

it('no command of either program ends it in another way than endWith, which waits for what was printed', () => {
  const sources = ['agent', 'collector'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(folder, file)),
  )
  expect(sources.length).toBeGreaterThan(100)
  expect(sources.filter((file) => readFileSync(file, 'utf8').includes('process.exit('))).toEqual([])
})

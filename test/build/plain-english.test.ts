import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

/**
 * Turns of phrase that readers had to puzzle over, as regular expressions in riddles.txt, one a line. None of them stands in a
 * comment, a help text, an error, a page or the title of a test. A reader who finds another one adds it to the list.
 */
const RIDDLES = readFileSync('test/build/riddles.txt', 'utf8').trim().split('\n')

/** This file names riddles. */
const OWN = 'test/build/plain-english.test.ts'

const FOLDERS = ['protocol', 'agent', 'collector', 'systemd', 'test', '*.md']
const texts = execFileSync('git', ['ls-files', ...FOLDERS], { encoding: 'utf8' })
  .split('\n')
  .filter(
    (file) =>
      /\.(tsx?|md|html|mjs|service|conf|ts\.txt)$/.test(file) &&
      ![OWN, 'CHANGELOG.md'].includes(file) &&
      !file.startsWith('test/fixtures/'),
  )
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }))

/** A comment that goes on in the next line, as one line. */
const joined = (text: string): string => text.replace(/\n[ \t]*(?:\*|\/\/)[ \t]+/g, ' ')

it.each(RIDDLES)('no text has the riddle %s', (riddle) => {
  const pattern = new RegExp(riddle, 'gim')
  const found = texts.flatMap(({ file, text }) =>
    [...text.matchAll(pattern), ...joined(text).matchAll(pattern)].map((m) => `${file}: ${m[0]}`),
  )
  expect(found).toEqual([])
})

it('finds a riddle where there is one, also over two lines of a comment', () => {
  expect(
    RIDDLES.some((riddle) => new RegExp(riddle, 'i').test(joined('// the tree is\n  // read anew'))),
  ).toBe(true)
  expect(RIDDLES.some((riddle) => new RegExp(riddle, 'i').test('the tree is read anew'))).toBe(true)
})

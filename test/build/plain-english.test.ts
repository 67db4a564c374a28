import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

/**
 * Turns of phrase that readers had to puzzle over, as regular expressions in riddles.txt, one a line. None of them stands in a
 * comment, a help text, an error or a page. Whoever finds another one mends it and adds it to the list.
 */
const RIDDLES = readFileSync('test/build/riddles.txt', 'utf8').trim().split('\n')

const texts = execFileSync('git', ['ls-files', 'protocol', 'agent', 'collector', 'systemd', '*.md'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /\.(tsx?|md|html|mjs)$/.test(file) && file !== 'CHANGELOG.md')
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }))

it.each(RIDDLES)('no text has the riddle %s', (riddle) => {
  const pattern = new RegExp(riddle, 'gim')
  const found = texts.flatMap(({ file, text }) =>
    [...text.matchAll(pattern)].map((m) => `${file}:${text.slice(0, m.index).split('\n').length}: ${m[0]}`),
  )
  expect(found).toEqual([])
})

it('finds a riddle where there is one', () => {
  expect(RIDDLES.some((riddle) => new RegExp(riddle, 'i').test('the tree is read anew'))).toBe(true)
})

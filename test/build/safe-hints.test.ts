import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

/** Advice after which records, figures or alerts would be gone: to part with a file or folder of a program's own, or to begin a new one. */
const LOSES =
  /\b(?:move|rename|delete|remove|erase|wipe|empty|clear|truncate|drop|rm|unlink)\b[^.;,]{0,40}\b(?:it|them|file|files|folder|log|wal|database|spool|segment|outbox|ledger|state|checkpoint)\b|\bbegin (?:a new one|again with an empty)|\bstart (?:over|afresh)\b/i

/** Of lines and settings of a configuration, which a person writes: nothing that was measured is lost with them. */
const HARMLESS =
  /remove (?:it|them) from|would count twice; remove one|move them to username|correct (?:its|the) address or remove it|is a setting of every .*; rename it/i

const sources = execFileSync('git', ['ls-files', 'agent', 'collector', 'protocol'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => /\.tsx?$/.test(file))

/** The parts of a source's lines that stand in quotes: what a person may be told. */
const textsOf = (source: string): string[] =>
  source
    .split('\n')
    .filter((line) => !/^\s*(?:\/\/|\*|\/\*)/.test(line))
    .flatMap((line) => [...line.matchAll(/'((?:[^'\\]|\\.)*)'|`((?:[^`\\]|\\.)*)`?/g)])
    .map(([, single, template]) => single ?? template ?? '')
    // a sentence, not a name or a statement of a database
    .filter((text) => /\w \w+ \w/.test(text) && !/\b(?:FROM|WHERE|TABLE)\b/.test(text))

const losing = (text: string) => LOSES.test(text) && !HARMLESS.test(text)

it('no hint of a program advises what would lose data', () => {
  const found = sources.flatMap((file) =>
    textsOf(readFileSync(file, 'utf8'))
      .filter(losing)
      .map((text) => `${file}: ${text}`),
  )
  expect(found).toEqual([])
})

it('finds such advice where there is some', () => {
  for (const text of [
    'restore it from a backup, or move it away to begin a new one',
    'stop the agent and delete the spool folder',
    'correct the rights of the file or delete it',
  ])
    expect([text, losing(text)]).toEqual([text, true])
})

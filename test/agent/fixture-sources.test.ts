import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

/** The text beside a folder's test data: a row for each, `| name | source |`. */
const rowsOf = (folder: string): Map<string, string> =>
  new Map(
    readFileSync(`${folder}/README.md`, 'utf8')
      .split('\n')
      .flatMap((line): [string, string][] => {
        const [, name, source] = /^\| `([^`]+)`\s*\|\s*(.*?)\s*\|$/.exec(line) ?? []
        return name === undefined || source === undefined ? [] : [[name.replace(/\/$/, ''), source]]
      }),
  )

describe.each(['test/fixtures/gpu', 'test/fixtures/power'])('%s', (folder) => {
  const rows = rowsOf(folder)

  test('names the source of each reply, and of nothing else', () =>
    expect([...rows.keys()].sort()).toEqual(
      readdirSync(folder)
        .filter((name) => name !== 'README.md')
        .sort(),
    ))

  test.each([...rows])('%s has a source that can be looked up: %s', (_, source) =>
    expect(source).toMatch(/[\w-]+\/[\w-]+|Linux, Documentation|DMTF DSP\d+|driver \d+/),
  )
})

import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { sourceFiles } from './import-graph.ts'

/** A file that is read in one sitting. Generated lists of parts are read by nobody. */
const MOST_LINES = 300
const MEDIAN_LINES = 90

const sizes = [...sourceFiles(resolve('.'))]
  .filter(([file, text]) => !file.startsWith('test/') && !text.startsWith('// Generated'))
  .map(([file, text]) => ({ file, lines: text.split('\n').length - 1 }))
  .sort((a, b) => a.lines - b.lines)

it('has no source file that is longer than one sitting', () => {
  expect(sizes.length).toBeGreaterThan(500)
  expect(sizes.filter(({ lines }) => lines > MOST_LINES)).toEqual([])
})

it('is made of small files', () => {
  expect(sizes[Math.floor(sizes.length / 2)]?.lines).toBeLessThanOrEqual(MEDIAN_LINES)
})

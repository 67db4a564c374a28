import { afterEach, expect, test, vi } from 'vitest'
import { createProgram, runProgram } from '../../../protocol/kit/program.ts'

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

test('an error of the command line shows control characters as their escapes, and ends with status 2', async () => {
  const written: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.push(String(text))
    return true
  })
  await runProgram(createProgram('perwatt-x', 'a program'), ['node', 'perwatt-x', '--no\u001b[2J'])
  expect(written.join('')).toBe("error: unknown option '--no\\u001b[2J'\n")
  expect(process.exitCode).toBe(2)
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from './run.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perwatt-count-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** The closing line and exit code for reports of vitest's shape. */
async function close(...reports: object[]): Promise<{ code: number | undefined; last: string | undefined }> {
  const whole = { numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [], success: true }
  const files = reports.map((_, i) => join(folder, `report-${i}.json`))
  for (const [i, report] of reports.entries())
    await writeFile(files[i]!, JSON.stringify({ ...whole, ...report }))
  const { code, stdout } = await run(process.execPath, ['.ci/count.mjs', ...files])
  return { code, last: stdout.trim().split('\n').at(-1) }
}

it('closes with what passed and failed', async () => {
  expect(await close({ numPassedTests: 12 })).toEqual({ code: 0, last: '12 passed, 0 failed' })
})

it('names skipped tests, and todos among them', async () => {
  const report = { numPassedTests: 12, numPendingTests: 2, numTodoTests: 1 }
  expect(await close(report)).toEqual({ code: 0, last: '12 passed, 0 failed, 3 skipped' })
})

it('fails where a test failed', async () => {
  const report = { numPassedTests: 12, numFailedTests: 1, success: false }
  expect(await close(report)).toEqual({ code: 1, last: '12 passed, 1 failed' })
})

it('counts a file that broke before its first test as a failure', async () => {
  const testResults = [{ name: 'x.test.ts', status: 'failed', message: 'SyntaxError', assertionResults: [] }]
  const report = { numPassedTests: 12, testResults, success: false }
  expect(await close(report)).toEqual({ code: 1, last: '12 passed, 1 failed' })
})

it('sums the reports of several runs, and fails where one of them failed', async () => {
  const long = { numPassedTests: 2, numFailedTests: 1, success: false }
  const last = '14 passed, 1 failed'
  expect(await close({ numPassedTests: 12 }, long)).toEqual({ code: 1, last })
  expect(await close(long, { numPassedTests: 12 })).toEqual({ code: 1, last })
  expect(await close({ numPassedTests: 12 }, { numPassedTests: 0 })).toEqual({
    code: 1,
    last: '12 passed, 0 failed',
  })
})

it('fails where no test ran', async () => {
  expect(await close({ numPassedTests: 0 })).toEqual({ code: 1, last: '0 passed, 0 failed' })
})

it('fails where there is no report', async () => {
  const { code, stdout } = await run(process.execPath, ['.ci/count.mjs', join(folder, 'none.json')])
  expect(code).toBe(1)
  expect(stdout).toMatch(/0 passed, 1 failed\n$/)
})

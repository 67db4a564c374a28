import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const factor = Number(process.env['PERWATT_RUNS'] ?? 1)

describe('a generated property', () => {
  const generated = (numRuns?: number) => {
    const values: number[] = []
    const every = fc.property(fc.integer(), (value) => void values.push(value))
    fc.assert(every, numRuns === undefined ? undefined : { numRuns })
    return values
  }

  it('meets the same values in each run of the suite, until another seed is asked for', () => {
    expect(generated(5)).toEqual(generated(5))
    if (process.env['PERWATT_SEED'] === undefined)
      expect(generated(5).slice(0, 2)).toEqual([658516338, 2147483618])
  })

  it('runs as often as it says, or as an exploration multiplies that', () => {
    expect(generated(3)).toHaveLength(3 * factor)
    expect(generated()).toHaveLength(100 * factor)
  })
})

describe('exploring', () => {
  const explore = (paths: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const given = { ...process.env, PERWATT_SEED: undefined, PERWATT_RUNS: undefined, ...env }
    return spawnSync(process.execPath, ['test/explore.mjs', ...paths], { encoding: 'utf8', env: given })
  }

  it('refuses a path without properties, and a seed that is none', () => {
    expect(explore(['test/build'])).toMatchObject({
      status: 2,
      stderr: 'no file under test/build holds a property (fc.assert)\n',
    })
    expect(explore(['test/collector/prices'], { PERWATT_SEED: 'x' })).toMatchObject({
      status: 2,
      stderr: 'PERWATT_SEED expects a whole number, got x\n',
    })
  })

  it('lists the files that hold properties, and the seed with which it would run them', () => {
    const { status, stdout } = explore(['--list', 'test/protocol/kit'], { PERWATT_SEED: '12' })
    expect(status).toBe(0)
    const [head, ...files] = stdout.trimEnd().split('\n')
    expect(head).toBe(
      'seed 12, 10 times as many runs; repeat it with PERWATT_SEED=12 npm run test:explore -- --list test/protocol/kit',
    )
    expect(files).toContain('test/protocol/kit/terminal.test.ts')
    // it holds none
    expect(files).not.toContain('test/protocol/kit/timers.test.ts')
    for (const file of files) expect(readFileSync(file, 'utf8')).toContain('fc.assert')
  })
})

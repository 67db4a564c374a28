import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from './run.ts'

const UNITS = ['perwatt-agent.service', 'perwatt-collector.service']
/** systemd's own word for up to 2.0 is OK; what is left is what the programs need: the network, and V8's memory. */
const MOST_EXPOSURE = 20

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perwatt-systemd-'))
  // verify wants the programs to be there: the Node that runs this test, and any file for the program
  for (const unit of UNITS) {
    const text = await readFile(join('systemd', unit), 'utf8')
    await writeFile(join(folder, unit), text.replaceAll('/usr/bin/node', process.execPath))
  }
})
afterAll(() => rm(folder, { recursive: true }))

const analyze = (...args: string[]) => run('systemd-analyze', args, { env: process.env })

it.each(UNITS)('systemd finds no fault in %s', async (unit) => {
  const { code, stdout, stderr } = await analyze('verify', '--man=no', join(folder, unit))
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' })
})

it.each(UNITS)('systemd calls the exposure of %s OK', async (unit) => {
  const file = join(folder, unit)
  const { code, stdout } = await analyze('security', '--offline=true', `--threshold=${MOST_EXPOSURE}`, file)
  expect(stdout).toMatch(/Overall exposure level for .*: [01]\.\d OK/)
  expect(code).toBe(0)
})

it.each(UNITS)('%s waits until the clock is set, where the computer waits for that', async (unit) => {
  const text = await readFile(join('systemd', unit), 'utf8')
  for (const name of ['Wants', 'After'])
    expect(text).toMatch(new RegExp(`^${name}=.*\\btime-sync\\.target\\b`, 'm'))
})

it.each(UNITS)(
  '%s lets V8 compile, starts after a crash, and not after a wrong configuration',
  async (unit) => {
    const text = await readFile(join('systemd', unit), 'utf8')
    expect(text).not.toMatch(/^MemoryDenyWriteExecute=/m)
    expect(text).toMatch(/^Restart=always$/m)
    expect(text).toMatch(/^RestartPreventExitStatus=2$/m)
  },
)

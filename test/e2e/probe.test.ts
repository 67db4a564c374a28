import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { closeReplays, fixture, replay } from '../agent/asic-harness.ts'
import { changed, closeMachines, pages, webMachine } from '../agent/machines.ts'
import { run } from '../build/run.ts'
import { freePort } from '../mosquitto.ts'
import { obeyedCharacters } from '../obeyed-characters.ts'

closeMachines()
closeReplays()

const MODEL = 'Gamma\u001b[2J\u001b]0;owned\u0007\u202e\nrig-2 hashing'
const WORKER = 'bc1q\u009b31m.\u2067rig'

const folder = mkdtempSync(join(tmpdir(), 'perwatt-probe-'))
beforeAll(async () => {
  const { code, stderr } = await run(process.execPath, ['systemd/packaging/if-stale.mjs'])
  if (code !== 0) throw new Error(`the build failed: ${stderr}`)
})
afterAll(() => rmSync(folder, { recursive: true }))

const agent = (...args: string[]) => run(process.execPath, ['dist/perwatt-agent.js', ...args])

/** An invented Bitaxe whose names attack the terminal. */
const bitaxe = () => {
  const answers = pages(fixture('axeos-gamma'))
  const info = changed(answers['/api/system/info'], (body: Record<string, unknown>) => {
    body['deviceModel'] = MODEL
    body['stratumUser'] = WORKER
  })
  return webMachine({ ...answers, '/api/system/info': info })
}

it('probe --json shows what a person needs to judge a reading, as exact JSON without control characters', async () => {
  const { port } = await bitaxe()
  const { code, stdout, stderr } = await agent(
    ...['probe', '--json', '--driver', 'axeos', '--host', '127.0.0.1', '--port', String(port)],
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(obeyedCharacters(stdout)).toEqual([])
  const said = JSON.parse(stdout)
  expect(said).toMatchObject({ v: 1, atMs: expect.any(Number), failures: [] })
  expect(said.devices).toEqual([
    expect.objectContaining({
      deviceId: 'probe',
      kind: 'asic',
      driver: 'axeos',
      firmware: expect.any(String),
      state: 'hashing',
      powerW: 17.4,
      powerBasis: 'estimated',
      hashrateHs: expect.any(Number),
      expectedHashrateHs: 1.224e12,
    }),
  ])
  const [device] = said.devices
  expect(device.model).toContain('Gamma\u001b[2J')
  expect(JSON.stringify(device.holders)).toContain('bc1q')
  // since the machine's start: what the ledger is made of
  expect(device.shares ?? device.counters).toBeDefined()
})

it('the table of a probe has one line a device, and the terminal obeys none of it', async () => {
  const { port } = await bitaxe()
  const { code, stdout } = await agent(
    ...['probe', '--driver', 'axeos', '--host', '127.0.0.1', '--port', String(port)],
  )
  expect(code).toBe(0)
  expect(obeyedCharacters(stdout)).toEqual([])
  expect(stdout.trimEnd().split('\n')).toHaveLength(2)
  expect(stdout).toContain('Gamma\\u001b[2J\\u001b]0;owned\\u0007\\u202e rig-2 hashing')
  expect(stdout).toMatch(/ firmware .* expected .* counters /)
})

it('probe shows the paid work of each owner, and names a device that is not read', async () => {
  const { port } = await replay({ answers: fixture('antminer-s19pro') })
  const config = join(folder, 'agent.yaml')
  const host = '127.0.0.1'
  const devices = [
    { id: 'rig', driver: 'cgminer', host, port, expectedHashrateHs: 110e12 },
    { id: 'gone', driver: 'axeos', host, port: await freePort() },
  ]
  writeFileSync(config, JSON.stringify({ site: 's', agent: 'a', devices }))
  const { code, stdout, stderr } = await agent('probe', '--json', '--config', config)
  expect(code, stderr).toBe(1)
  const { devices: said, failures } = JSON.parse(stdout)
  expect(failures).toEqual([expect.stringContaining('axeos gone: ')])
  expect(stderr).toBe(`${failures[0]}\n`)
  const pool = (at: string) => ({ poolUrl: `stratum+tcp://${at}`, poolUser: 'acme.rack1-01' })
  expect(said).toEqual([
    expect.objectContaining({
      deviceId: 'rig',
      model: expect.stringContaining('S19'),
      expectedHashrateHs: 110e12,
      counters: {
        byOwner: [
          { owner: pool('eu.pool.example:3333'), workDiff1: 2_293_760_000 },
          { owner: pool('backup.pool.example:443'), workDiff1: 0 },
        ],
      },
    }),
    expect.objectContaining({ deviceId: 'gone', state: 'unreachable', faults: [failures[0]] }),
  ])
})

it('check and a wrong command line say what is wrong without a control character', async () => {
  const config = join(folder, 'wrong.yaml')
  writeFileSync(config, `site: ${JSON.stringify('s\u001b[2J\u202e\nsite: fine')}\nagent: a\n`)
  const { code, stderr } = await agent('check', '--config', config)
  expect(code).toBe(2)
  expect(stderr).toContain('site: expected')
  expect(obeyedCharacters(stderr)).toEqual([])
  expect(stderr).toContain('s\\u001b[2J\\u202e\\nsite: fine')
})

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parse } from 'yaml'
import { simulateCommand } from '../../../agent/commands/simulate.ts'
import { type SimulateOptions, simulate, type WrittenTruth } from '../../../agent/simulator/run-site.ts'
import { ask, command } from './ask.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perwatt-simulate-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Real ports are fixed, so each run of this test has loopback addresses of its own. */
const base = `127.${64 + (process.pid % 64)}.${(process.pid >> 6) % 256}.1`

const options = (stop: AbortController, lines: string[], more: Partial<SimulateOptions> = {}) => ({
  seed: 1,
  asics: 6,
  gpuHosts: 1,
  base,
  write: folder,
  mqttUrl: 'mqtt://127.0.0.1:1883',
  signal: stop.signal,
  out: (line: string) => lines.push(line),
  ...more,
})

it('says what it runs, writes both configurations, is ready last, and stops when asked', async () => {
  const stop = new AbortController()
  const lines: string[] = []
  const done = simulate(options(stop, lines))
  await expect.poll(() => lines.at(-1)).toBe('ready')
  expect(lines[0]).toBe(`2 antminer: ${base} to ${base.replace(/1$/, '2')}, TCP 4028, 4080 and 6060`)
  expect(lines).toContain(`read it with: perwatt-agent run --config ${join(folder, 'mining.yaml')}`)
  const mining = await readFile(join(folder, 'mining.yaml'), 'utf8')
  expect(mining).toMatch(/^# .*SIMULATED/)
  expect(parse(mining)).toMatchObject({
    site: 'demo',
    agent: 'mining',
    simulated: true,
    mqtt: { url: 'mqtt://127.0.0.1:1883' },
  })
  const gpu = parse(await readFile(join(folder, 'gpu.yaml'), 'utf8')) as { devices: { driver: string }[] }
  expect(gpu.devices.map((d) => d.driver)).toEqual(['dcgm', 'llm-server', 'snmp-pdu', 'modbus-meter'])
  expect(await ask(base, 4028, command('version'))).toContain('Antminer')
  stop.abort()
  await done
  await expect(ask(base, 4028, command('version'))).rejects.toThrow('ECONNREFUSED')
})

it('writes what really happened each second, and stands still while it is paused', async () => {
  const stop = new AbortController()
  const truth = join(folder, 'truth.json')
  const read = async () => JSON.parse(await readFile(truth, 'utf8')) as WrittenTruth
  let paused = true
  const done = simulate(options(stop, [], { truth, paused: () => paused }))
  await expect.poll(() => read().catch(() => undefined)).toBeDefined()
  expect(await read()).toMatchObject({ paused: true, elapsedS: 0, siteEnergyJ: 0 })
  paused = false
  await expect.poll(async () => (await read()).elapsedS).toBeGreaterThan(1)
  paused = true
  await expect.poll(async () => (await read()).paused).toBe(true)
  const { elapsedS, energyJ, counted, atMs } = await read()
  await expect.poll(async () => (await read()).atMs).toBeGreaterThan(atMs)
  expect(await read()).toMatchObject({ elapsedS, energyJ, counted })
  stop.abort()
  await done
})

it('ends at once with the address that is taken, when another simulator runs there', async () => {
  const first = new AbortController()
  const lines: string[] = []
  const done = simulate(options(first, lines))
  await expect.poll(() => lines.at(-1)).toBe('ready')
  await expect(simulate(options(new AbortController(), []))).rejects.toThrow(`${base}:4028 is taken`)
  first.abort()
  await done
})

it('says which file it could not write, and leaves nothing running', async () => {
  const truth = join(folder, 'nowhere', 'truth.json')
  await expect(simulate(options(new AbortController(), [], { truth }))).rejects.toThrow(
    /truth\.json: .*; name a file that can be written/,
  )
  await writeFile(join(folder, 'file'), '')
  const write = join(folder, 'file')
  await expect(simulate(options(new AbortController(), [], { write }))).rejects.toThrow(
    /file\/mining\.yaml: .*; name a folder that can be written/,
  )
  await expect(ask(base, 4028, command('version'))).rejects.toThrow('ECONNREFUSED')
})

it('fills a container with each of the families asked for, behind the ports of their kind', async () => {
  const stop = new AbortController()
  const lines: string[] = []
  const done = simulate(options(stop, lines, { families: ['vnish', 'axeos', 'whatsminer-v3'] }))
  await expect.poll(() => lines.at(-1)).toBe('ready')
  expect(lines.slice(0, 3).map((line) => line.replace(/: .*, /, ': '))).toEqual([
    '2 whatsminer-v3: TCP 4433',
    '2 vnish: TCP 4028 and 4080',
    '2 axeos: TCP 4080',
  ])
  const { devices } = parse(await readFile(join(folder, 'mining.yaml'), 'utf8')) as { devices: object[] }
  expect(devices).toMatchObject([
    { id: 'c01-r01-s01', driver: 'vnish', webPort: 4080, web: { password: 'demo' } },
    { driver: 'vnish' },
    { id: 'c02-r01-s01', driver: 'axeos', port: 4080 },
    { driver: 'axeos' },
    { id: 'c03-r01-s01', driver: 'whatsminer-v3' },
    { driver: 'whatsminer-v3' },
  ])
  stop.abort()
  await done
})

it.each(['whatsminer,nonsense', ''])(
  'refuses the families %j, and says which there are',
  async (families) => {
    const command = simulateCommand().exitOverride()
    await expect(command.parseAsync(['--families', families], { from: 'user' })).rejects.toThrow(
      /^--families: expected antminer, .*, cgminer or all, got /,
    )
  },
)

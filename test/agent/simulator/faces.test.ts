import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { simulateCommand } from '../../../agent/commands/simulate.ts'
import { MODBUS_MAPS } from '../../../agent/drivers/modbus-meter/maps/index.ts'
import { FACES, type Faces } from '../../../agent/simulator/layout.ts'
import { PDU_FACES } from '../../../agent/simulator/power/pdu-faces.ts'
import { simulate } from '../../../agent/simulator/run-site.ts'
import { addSite } from '../../../collector/command-line/site.ts'
import { simulatorArgs } from '../../../collector/commands/demo-site.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perwatt-faces-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Real ports are fixed, so each run of this test has loopback addresses of its own, and others than run-site.test.ts. */
const base = `127.${2 + (process.pid % 60)}.${(process.pid >> 6) % 256}.1`

/** What the command line of `perwatt-agent simulate` makes of these arguments. */
function simulateWith(args: readonly string[]): { faces: Faces } {
  const command = simulateCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  command.parseOptions([...args])
  return command.opts()
}

/** The same of `perwatt-collector demo`. */
function demoWith(args: readonly string[]): { faces: string; seed: string; base: string } {
  const program = new Command()
  addSite(program)
  const demo = program.commands.find((one) => one.name() === 'demo')
  if (!demo) throw new Error('there is no command demo')
  demo.exitOverride().configureOutput({ writeErr: () => undefined })
  demo.parseOptions([...args])
  return demo.opts()
}

interface Device {
  id: string
  driver: string
  map?: string
  meteredBy?: string
}

/** The devices that the agents read of a site which was started with these faces. */
async function devicesOf(faces: Faces) {
  const stop = new AbortController()
  const lines: string[] = []
  const done = simulate({
    ...{ seed: 1, asics: 60, gpuHosts: 0, base, write: folder, mqttUrl: 'mqtt://127.0.0.1:1883', faces },
    signal: stop.signal,
    out: (line) => lines.push(line),
  })
  try {
    await expect.poll(() => lines.at(-1)).toBe('ready')
    const files = await Promise.all(
      ['mining', 'gpu'].map((agent) => readFile(join(folder, `${agent}.yaml`), 'utf8')),
    )
    return files.flatMap((text) => (parse(text) as { devices: Device[] }).devices)
  } finally {
    stop.abort()
    await done
  }
}

describe('the faces of the emulated meters', () => {
  test('are few where nothing is said, by both programs', () => {
    expect(simulateWith([]).faces).toBe('few')
    expect(demoWith([]).faces).toBe('few')
  })

  test('are those that are asked for, and the demo hands them on to its emulated site', () => {
    for (const faces of FACES) {
      const asked = demoWith(['--faces', faces, '--seed', '7'])
      const args = simulatorArgs({ ...asked, folder, mqttUrl: 'mqtt://127.0.0.1:1883' })
      expect(simulateWith(args)).toMatchObject({ faces, seed: '7', write: folder, base: asked.base })
    }
  })

  test('another word is refused by both with those that there are', () => {
    for (const refused of [simulateWith, demoWith])
      expect(() => refused(['--faces', 'some'])).toThrow(/Allowed choices are few, all/)
  })

  test('few: no miner has a meter of its own', async () => {
    const devices = await devicesOf('few')
    expect(devices.filter(({ id }) => id.startsWith('feeder-'))).toEqual([])
    expect(devices.filter(({ driver }) => driver === 'modbus-meter').map(({ id }) => id)).toEqual([
      'site-meter',
    ])
  })

  test('all: every family of rack PDUs and every map of meters feeds some miners', async () => {
    const devices = await devicesOf('all')
    const feeders = devices.filter(({ id }) => id.startsWith('feeder-'))
    expect(feeders.filter(({ driver }) => driver === 'snmp-pdu')).toHaveLength(PDU_FACES.length)
    const maps = new Set(feeders.flatMap(({ map }) => map ?? []))
    expect(MODBUS_MAPS.map(({ name }) => name).filter((name) => !maps.has(name))).toEqual([])
    const behind = new Set(devices.flatMap(({ meteredBy }) => meteredBy?.split('/')[0] ?? []))
    expect(feeders.map(({ id }) => id).filter((id) => !behind.has(id))).toEqual([])
  })
})

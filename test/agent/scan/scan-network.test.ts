import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { scan } from '../../../agent/scan/scan-network.ts'
import type { ScanOptions } from '../../../agent/scan/scan-options.ts'
import { createCgminerServer } from '../../../agent/simulator/asic/cgminer-server.ts'
import { whatsminer } from '../../../agent/simulator/asic/whatsminer.ts'
import { Listener } from '../../../agent/simulator/base/listener.ts'
import { emulatedMachine } from '../../bench/rig.ts'

let folder = ''
let file = ''
const running: Listener[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-scan-'))
  file = join(folder, 'agent.yaml')
})
afterEach(async () => {
  await unplug()
  rmSync(folder, { recursive: true })
})

const unplug = async () => {
  await Promise.all(running.splice(0).map((listener) => listener.close()))
}

/** Plugs Whatsminers in: number 1, 4 and 7 of the rig, each at the last octet that is given for it. */
async function plugIn(octets: readonly number[], port = 0): Promise<number> {
  let at = port
  for (const [i, octet] of octets.entries()) {
    const machine = emulatedMachine(3 * i + 1)
    const server = createCgminerServer(machine, whatsminer, () => 1_780_000_000)
    const listener = new Listener(server, 'a test', `127.63.0.${octet}`, at)
    running.push(listener)
    await listener.open()
    at = listener.port
  }
  return at
}

async function run(addresses: string[], more: Partial<ScanOptions> & { port: number }) {
  const said = { out: '', err: '' }
  const status = await scan(
    addresses,
    {
      site: 'plains-1',
      agent: 'container-01',
      webUser: 'root',
      webPort: 1,
      atOnce: 8,
      knock: '20s',
      timeout: '20s',
      ...more,
    },
    DRIVERS,
    { out: { write: (text) => (said.out += text) }, err: { write: (text) => (said.err += text) } },
  )
  return { status, ...said }
}

describe('perwatt-agent scan', () => {
  it('prints the machines, and shows how far it is beside them', async () => {
    const port = await plugIn([11, 12])
    const { status, out, err } = await run(['127.63.0.8/29'], { port })
    expect(status).toBe(0)
    const [head, ...rows] = out.trimEnd().split('\n')
    expect(head).toMatch(/^address +family +model +firmware +MAC\/serial +hashrate +state$/)
    expect(rows).toEqual([
      expect.stringMatching(
        /^127\.63\.0\.11 +whatsminer +Whatsminer M50S\S* .*02:0B:00:00:00:01 +[\d.]+ TH\/s +hashing$/,
      ),
      expect.stringMatching(/^127\.63\.0\.12 +whatsminer .*02:0B:00:00:00:04 /),
    ])
    expect(err.split('\n')).toContain('8 of 8 addresses, 2 machines')
  })

  it('writes a configuration, and follows leases in it without touching what a person wrote', async () => {
    const port = await plugIn([11, 12])
    const range = ['127.63.0.8/29']
    const first = await run(range, { port, write: file, place: ['127.63.{container:C00}.{slot:S00-10}'] })
    expect(first.out).toContain(`${file}: 2 new\n`)
    const written = readFileSync(file, 'utf8')
    expect(written).toContain(`  - id: c00-s01
    driver: auto # Whatsminer M50S_VJ30, 20230803.11.REL
    host: 127.63.0.11
    hardwareId: "02:0B:00:00:00:01"
    port: ${port}
    webPort: 1
    location: { container: C00, slot: S01 }
`)
    const byHand = written
      .replace('# The broker.', '# Ask Jo first.')
      .replace('id: c00-s02', 'id: the-loud-one')
    writeFileSync(file, byHand)
    chmodSync(file, 0o640)

    await unplug()
    await plugIn([12, 14, 15], port)
    const again = await run(range, { port, write: file })
    expect(again.out.split('\n').slice(-4)).toEqual([
      `${file}: 1 new, 2 with another address`,
      '  c00-s01 moved from 127.63.0.11 to 127.63.0.12',
      '  the-loud-one moved from 127.63.0.12 to 127.63.0.14',
      '',
    ])
    const followed = byHand.replace('.0.12\n', '.0.14\n').replace('.0.11\n', '.0.12\n')
    expect(readFileSync(file, 'utf8').startsWith(followed)).toBe(true)
    expect(statSync(file).mode & 0o777).toBe(0o640)

    const before = readFileSync(file, 'utf8')
    expect((await run(range, { port, write: file })).out).toContain(`${file}: 3 unchanged\n`)
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect(readdirSync(folder)).toEqual(['agent.yaml'])
  })

  it('fails where no miner is, and writes nothing', async () => {
    const port = await plugIn([11])
    await unplug()
    const { status, out, err } = await run(['127.63.0.11'], { port, write: file })
    expect([status, out]).toEqual([1, ''])
    expect(err).toMatch(
      /no miner answers at 1 address; check the range, and that this computer is in the miners' network\n$/,
    )
    expect(readdirSync(folder)).toEqual([])
  })

  it.each<[string, Partial<ScanOptions>, RegExp]>([
    ['a configuration that is wrong', { write: 'wrong.yaml' }, /devices: is missing/],
    ['a pattern that is wrong', { place: ['10.0.3'] }, /has 3 parts where an address has 4/],
    ['a file of places that is not there', { places: 'nowhere.csv' }, /^--places .*no such file/],
    [
      'a password that is not there',
      { webPasswordFile: '/nowhere/secret' },
      /^--web-password-file: cannot be read/,
    ],
    ['a name that is none', { write: 'new.yaml', site: 'a/b' }, /^--site a\/b: expected letters/],
    ['a duration that is none', { knock: 'soon' }, /^--knock: expected a duration/],
  ])('refuses %s before it sends anything', async (_what, more, message) => {
    writeFileSync(join(folder, 'wrong.yaml'), 'site: s\nagent: a\n')
    const { write, ...others } = more
    const work = run(['127.63.0.11'], {
      port: 1,
      ...others,
      ...(write ? { write: join(folder, write) } : {}),
    })
    await expect(work).rejects.toThrow(message)
  })
})

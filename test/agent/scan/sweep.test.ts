import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { macInTable } from '../../../agent/polling/arp-table.ts'
import { DETECTION, DETECTION_PAGES } from '../../../agent/polling/detect.ts'
import { ProgressLine } from '../../../agent/scan/progress.ts'
import { type SweepOptions, sweep } from '../../../agent/scan/sweep.ts'
import { FAMILY_SERVERS } from '../../../agent/simulator/asic/family-servers.ts'
import { Listener } from '../../../agent/simulator/base/listener.ts'
import { emulatedMachine } from '../../bench/rig.ts'
import { startAnyMachine } from '../any-machine.ts'
import { fixture } from '../asic-harness.ts'

const running: Listener[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((listener) => listener.close()))
})

async function listen(server: Server, host: string, port = 0): Promise<number> {
  const listener = new Listener(server, 'a test', host, port)
  running.push(listener)
  await listener.open()
  return listener.port
}

/** A port where nothing listens. */
const NOTHING = 1
const options = (addresses: string[], port: number): SweepOptions => ({
  addresses,
  minerPorts: { port, webPort: NOTHING },
  drivers: DRIVERS,
  atOnce: 2,
  knockMs: 20_000,
  answerMs: 20_000,
  signal: new AbortController().signal,
})

/** Emulated machines number 0 (Antminer), 1 (Whatsminer) and 2 (Avalon), each on an address of its own. */
async function threeMachines(prefix: string): Promise<number> {
  let port = 0
  for (const i of [0, 1, 2]) {
    const machine = emulatedMachine(i)
    const server = FAMILY_SERVERS[machine.model.family][0].serve(machine, () => 1_780_000_000)
    port = await listen(server, `${prefix}.${2 * i + 1}`, port)
  }
  return port
}

describe('a scan', () => {
  it('finds the machines between addresses where nothing is, and reads each', async () => {
    const port = await threeMachines('127.62.0')
    const addresses = [1, 2, 3, 4, 5, 6].map((n) => `127.62.0.${n}`)
    const progress: string[] = []
    const found = await sweep({
      ...options(addresses, port),
      onProgress: ({ done, machines }) => progress.push(`${done} ${machines}`),
    })
    expect(
      found.map(({ host, driver, identity, sample }) => [host, driver, identity?.hardwareId, sample?.state]),
    ).toEqual([
      ['127.62.0.1', 'antminer', expect.any(String), 'hashing'],
      ['127.62.0.3', 'whatsminer', '02:0B:00:00:00:01', 'hashing'],
      ['127.62.0.5', 'avalon', '02:0B:00:00:00:02', 'hashing'],
    ])
    expect(progress.at(-1)).toBe('6 3')
  })

  it('names the kind of a device that answers and is no miner', async () => {
    const port = await listen(
      createServer((socket) => {
        socket.on('error', () => socket.destroy())
        socket.end('SSH-2.0-OpenSSH_9.2\r\n')
      }),
      '127.62.1.1',
    )
    const [found] = await sweep(options(['127.62.1.1'], port))
    expect(found).toEqual({ host: '127.62.1.1', problem: expect.stringContaining('answers like no miner') })
  })

  it('is not held up by a machine that accepts and never answers', async () => {
    const stuck = emulatedMachine(0)
    stuck.hung = true
    const port = await listen(
      FAMILY_SERVERS.antminer[0].serve(stuck, () => 0),
      '127.62.2.1',
    )
    const well = emulatedMachine(1)
    await listen(
      FAMILY_SERVERS.whatsminer[0].serve(well, () => 0),
      '127.62.2.2',
      port,
    )
    const seen: number[] = []
    const ended = new AbortController()
    const work = sweep({
      ...options(['127.62.2.1', '127.62.2.2'], port),
      answerMs: 3_600_000,
      onProgress: ({ machines }) => {
        seen.push(machines)
        ended.abort(new Error('seen enough'))
      },
      signal: ended.signal,
    })
    await expect(work).rejects.toThrow('seen enough')
    expect(seen).toEqual([1])
  })

  it.each(['whatsminer-api1', 'antminer-s19pro', 'luxos-s19jpro', 'epic-s19jpro', 'cgminer-unknown'])(
    'asks %s nothing but what it is, and what its driver lists',
    async (name) => {
      // ePIC's web server on the cgminer port
      const answers = name.startsWith('epic') ? { version: 'HTTP/1.1 400 Bad Request' } : {}
      const machine = await startAnyMachine({ ...fixture(name), ...answers })
      const { host, port } = machine
      try {
        const [found] = await sweep({ ...options([host], port), minerPorts: { port, webPort: port } })
        const driver = DRIVERS.find((d) => d.name === found?.driver)
        const first = [...DETECTION, ...DETECTION_PAGES.map((path) => `GET ${path}`)]
        expect(
          machine.asked.filter((ask) => !first.includes(ask) && !driver?.requests.includes(ask)),
        ).toEqual([])
        expect(found?.sample?.state).toBeDefined()
      } finally {
        await machine.close()
      }
    },
  )
})

describe('the MAC of a neighbour', () => {
  it('is that of a machine that tells none itself', async () => {
    const machine = await startAnyMachine(fixture('cgminer-unknown'))
    try {
      const [found] = await sweep({
        ...options([machine.host], machine.port),
        macOf: async (host) => (host === machine.host ? '02:00:5E:00:00:01' : undefined),
      })
      expect(found).toMatchObject({ driver: 'cgminer', identity: { hardwareId: '02:00:5E:00:00:01' } })
    } finally {
      await machine.close()
    }
  })

  const TABLE = `IP address       HW type     Flags       HW address            Mask     Device
192.0.2.10       0x1         0x2         02:00:5e:00:00:10     *        eth0
192.0.2.1        0x1         0x0         00:00:00:00:00:00     *        eth0
192.0.2.100      0x1         0x2         02:00:5e:00:00:64     *        eth0
`
  it('is what the kernel has heard', () => {
    expect(macInTable(TABLE, '192.0.2.10')).toBe('02:00:5E:00:00:10')
    expect(['192.0.2.1', '192.0.2.2', '192.0.2.0'].map((host) => macInTable(TABLE, host))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('progress', () => {
  const shown = (isTTY: boolean) => {
    const written: string[] = []
    const line = new ProgressLine({ isTTY, write: (text) => written.push(text) }, 2000)
    for (let done = 1; done <= 2000; done++) line.show({ done, machines: done - 1 })
    line.end()
    return written
  }

  it('rewrites its line on a terminal, and leaves none', () => {
    const written = shown(true)
    expect(written.every((text) => text.startsWith('\r\u001b[K') && !text.includes('\n'))).toBe(true)
    expect(written.slice(-2)).toEqual(['\r\u001b[K2,000 of 2,000 addresses, 1,999 machines', '\r\u001b[K'])
  })

  it('is a line each tenth of the way elsewhere', () => {
    const written = shown(false)
    expect(written).toHaveLength(11)
    expect(written[5]).toBe('1,000 of 2,000 addresses, 999 machines\n')
  })
})

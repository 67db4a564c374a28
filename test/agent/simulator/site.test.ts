import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { client as modbus } from 'jsmodbus'
import { afterEach, describe, expect, it } from 'vitest'
import { MISFORTUNES } from '../../../agent/simulator/asic/events.ts'
import type { SiteOptions } from '../../../agent/simulator/layout.ts'
import { Site } from '../../../agent/simulator/site.ts'
import { ask, command } from './ask.ts'

const FREE_PORTS = { asic: 0, web: 0, link: 0, status: 0, dcgm: 0, llm: 0, meter: 0, snmp: 0 }
const START_MS = Date.UTC(2026, 5, 1, 12)

/** A site on free ports of loopback whose clock stands until a test moves it. */
function siteOf(options: Partial<SiteOptions> = {}) {
  const clock = { nowMs: START_MS }
  const site = new Site(
    { seed: 11, asics: 9, gpuHosts: 2, baseAddress: '127.0.0.1', ports: FREE_PORTS, ...options },
    () => clock.nowMs,
  )
  const advance = (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      clock.nowMs += 1000
      site.catchUp()
    }
  }
  return { site, clock, advance }
}

const opened: Site[] = []
async function openSite(options: Partial<SiteOptions> = {}) {
  const world = siteOf(options)
  opened.push(world.site)
  await world.site.open()
  const ports = world.site.ports()
  const hosts = world.site.layout.asics.map((a) => a.host)
  const asic = (i: number, name: string) => ask(hosts[i]!, ports.asics[i]!, command(name))
  return { ...world, ports, asic }
}
afterEach(async () => {
  for (const site of opened.splice(0)) await site.close()
})

const sum = (values: Iterable<number>) => [...values].reduce((a, v) => a + v, 0)
const text = async (host: string, port: number) => (await fetch(`http://${host}:${port}/metrics`)).text()

describe('the energy of an emulated site', () => {
  it('is conserved: the meter counts what the machines and the overhead took, through every misfortune', () => {
    const { site, advance } = siteOf({ asics: 42 })
    advance(900)
    const truth = site.truth()
    expect(new Set(site.events.map((e) => e.kind))).toEqual(new Set(MISFORTUNES))
    const parts = sum(Object.values(truth.energyJ)) + truth.overheadEnergyJ
    expect(truth.siteEnergyJ / parts).toBeCloseTo(1, 9)
    expect(Object.keys(truth.energyJ)).toHaveLength(42 + 16)
    const overheadRatio = truth.overheadEnergyJ / truth.siteEnergyJ
    expect(overheadRatio).toBeGreaterThan(0.05)
    expect(overheadRatio).toBeLessThan(0.1)
  })

  it('is what the meter shows on the wire, power and counter', async () => {
    const { site, ports, advance } = await openSite()
    const { host } = site.layout.meter
    const socket = connect(ports.meter, host)
    const client = new modbus.TCP(socket, 1)
    await new Promise((resolve) => socket.once('connect', resolve))
    const read = async () => {
      const power = (await client.readHoldingRegisters(0x0bf3, 2)).response.body.valuesAsBuffer
      const energy = (await client.readHoldingRegisters(0x0c83, 4)).response.body.valuesAsBuffer
      return { powerKw: power.readFloatBE(0), importWh: Number(energy.readBigInt64BE(0)) }
    }
    const before = await read()
    advance(600)
    const after = await read()
    socket.destroy()
    expect(after.powerKw).toBeCloseTo(site.meter.powerW / 1000, 2)
    expect(after.importWh - before.importWh).toBe(Math.floor(site.truth().siteEnergyJ / 3600))
  })
})

it('a meter outlives what is not Modbus', async () => {
  const { site, ports } = await openSite({ asics: 0 })
  const { host } = site.layout.meter
  for (const junk of ['GET / HTTP/1.1\r\n\r\n', '\0'.repeat(300), '\0\x01\0\0\0\x06\x01\x55\0\0\0\x01']) {
    const socket = connect(ports.meter, host, () => socket.end(junk))
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve))
  }
  const readPower = '\0\x01\0\0\0\x06\x01\x03\x0b\xf3\0\x02'
  const socket = connect(ports.meter, host, () => socket.write(Buffer.from(readPower, 'latin1')))
  const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
  socket.destroy()
  expect(answer).toHaveLength(13)
})

describe('what the machines say', () => {
  it('adds up to the truth: work by pool, energy by GPU, tokens', async () => {
    const { site, ports, asic, advance } = await openSite({ asics: 3 })
    const work = async () => {
      const replies = await Promise.all([0, 1, 2].map((i) => asic(i, 'pools')))
      const byPool: Record<string, number> = {}
      for (const reply of replies) {
        const { POOLS } = JSON.parse(reply.replace('\0', '')) as {
          POOLS: { URL: string; 'Difficulty Accepted': number }[]
        }
        const { URL: url, 'Difficulty Accepted': accepted } = POOLS[0]!
        byPool[url] = (byPool[url] ?? 0) + accepted
      }
      return byPool
    }
    const gpuMilliJ = async () => {
      const metrics = await text(site.layout.gpuHosts[0]!.host, ports.dcgm[0]!)
      const line = metrics
        .split('\n')
        .find((l) => l.startsWith('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu="5"'))
      return Number(line?.split('} ')[1])
    }
    const tokens = async () => {
      const metrics = await text(site.layout.llm!.host, ports.llm!)
      return Number(/^vllm:generation_tokens_total\{.*\} (\d+)/m.exec(metrics)?.[1])
    }
    const before = { work: await work(), gpu: await gpuMilliJ(), tokens: await tokens() }
    advance(120)
    const truth = site.truth()
    const paid = Object.entries(await work()).map(([url, now]) => [url, now - before.work[url]!])
    expect(Object.fromEntries(paid)).toEqual(truth.workDiff1)
    expect(sum(Object.values(truth.workDiff1))).toBeGreaterThan(0)
    expect((await gpuMilliJ()) - before.gpu).toBeCloseTo(truth.energyJ['gpu-01/gpu5']! * 1000, -1)
    expect((await gpuMilliJ()) - before.gpu).toBe(truth.counted['gpu-01/gpu5']?.energyMilliJ)
    expect(sum(site.machines.map((m) => truth.counted[m.id]?.workDiff1 ?? 0))).toBe(
      sum(Object.values(truth.workDiff1)),
    )
    expect(truth.counted['llm-chat']).toEqual({ tokensIn: truth.tokensIn, tokensOut: truth.tokensOut })
    expect(truth.forgetful).toEqual([])
    expect((await tokens()) - before.tokens).toBe(truth.tokensOut)
    expect(truth.tokensOut).toBeGreaterThan(0)
  })

  it('ends as the firmware ends it: NUL from Antminer and Avalon, the end alone from Whatsminer', async () => {
    const { site, asic, ports } = await openSite({ asics: 3 })
    expect((await asic(0, 'summary')).endsWith('}\0')).toBe(true)
    expect((await asic(1, 'summary')).endsWith('}')).toBe(true)
    expect((await asic(2, 'estats')).endsWith('}\0')).toBe(true)
    const plain = await ask(site.layout.asics[2]!.host, ports.asics[2]!, 'estats')
    expect(plain).toMatch(/^STATUS=S,.*\|STATS=0,ID=AVA100,.*MM ID0=Ver\[15-194-/)
    const cmd = await ask(site.layout.asics[1]!.host, ports.asics[1]!, '{"cmd":"get_version"}')
    expect(JSON.parse(cmd)).toMatchObject({ STATUS: 'S', Msg: { fw_ver: '20230803.11.REL' } })
  })

  it('refuses what is no command, and waits for the rest of one that comes in pieces', async () => {
    const { site, asic, ports } = await openSite({ asics: 3 })
    expect(await asic(0, 'reboot')).toContain('"Code":14')
    const { host } = site.layout.asics[0]!
    expect(await ask(host, ports.asics[0]!, '{"command":}')).toContain('"Code":23')
    const socket = connect(ports.asics[0]!, host)
    socket.write('{"comm')
    await sleep(20)
    socket.write('and":"version"}')
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks).toString()).toContain('"Type":"Antminer S21"')
  })

  it('is nothing at all from a hung machine, a refusal from one that boots, and the truth again afterwards', async () => {
    const { site, asic, advance } = await openSite({ asics: 3 })
    const [machine] = site.machines
    machine!.hung = true
    expect(site.truth().forgetful).toEqual([machine!.id])
    const heard: string[] = []
    void asic(0, 'summary').then(
      (text) => heard.push(text),
      () => heard.push('broken off'),
    )
    // the others are not delayed: each answers many requests in the time of its silence
    for (let i = 0; i < 10; i++)
      for (const other of [1, 2]) expect(await asic(other, 'version')).toContain('S')
    expect(heard).toEqual([])
    machine!.reboot()
    advance(1)
    await expect(asic(0, 'summary')).rejects.toThrow('ECONNREFUSED')
    advance(25)
    await expect.poll(() => asic(0, 'summary').catch(() => '')).toContain('"Elapsed":')
    const { SUMMARY } = JSON.parse((await asic(0, 'summary')).slice(0, -1)) as {
      SUMMARY: { Elapsed: number; Accepted: number }[]
    }
    expect(SUMMARY[0]).toMatchObject({ Accepted: 0 })
    expect(SUMMARY[0]!.Elapsed).toBeLessThan(60)
    expect(site.truth().forgetful).toEqual([machine!.id])
  })
})

describe('the world', () => {
  it('is the same for the same seed: events, energy, work, tokens', () => {
    const worldAfter = (seed: number) => {
      const { site, advance } = siteOf({ seed })
      advance(700)
      return { events: site.events, truth: site.truth() }
    }
    expect(worldAfter(1)).toEqual(worldAfter(1))
    expect(worldAfter(1).events).not.toEqual(worldAfter(2).events)
  })

  it('catches up with a clock that jumped a little, and sleeps with a computer that slept', () => {
    const { site, clock } = siteOf()
    clock.nowMs += 30_500
    site.catchUp()
    expect(site.truth().elapsedS).toBe(30)
    clock.nowMs += 8 * 3_600_000
    site.catchUp()
    expect(site.truth().elapsedS).toBe(31)
    clock.nowMs += 2000
    site.catchUp()
    expect(site.truth().elapsedS).toBe(33)
  })

  it('stands still while it is paused, however long, and goes on from there', async () => {
    const { site, advance, asic } = await openSite({ asics: 1 })
    advance(10)
    const before = site.truth()
    site.paused = true
    advance(600)
    expect(site.truth()).toEqual(before)
    expect(await asic(0, 'summary')).toContain('SUMMARY')
    site.paused = false
    advance(5)
    expect(site.truth().elapsedS).toBe(15)
  })

  it('happens faster when asked, with the same power and the same work', () => {
    const { site, advance } = siteOf({ asics: 42, timeScale: 10 })
    advance(60)
    expect(new Set(site.events.map((e) => e.kind))).toEqual(new Set(MISFORTUNES))
    expect(site.meter.powerW).toBeLessThan(200_000)
  })
})

describe('opening and closing', () => {
  it('leaves no listener and no connection behind, even with clients that hang on', async () => {
    const { site, ports } = await openSite({ asics: 3 })
    const { host } = site.layout.asics[0]!
    const idle = connect(ports.asics[0]!, host)
    const closed = new Promise((resolve) => idle.once('close', resolve))
    idle.on('error', () => {})
    await new Promise((resolve) => idle.once('connect', resolve))
    await site.close()
    await closed
    const everyPort = [...ports.asics, ...ports.dcgm, ports.llm!, ports.meter]
    const places = [...site.layout.asics, ...site.layout.gpuHosts, site.layout.llm!, site.layout.meter]
    expect(places).toHaveLength(everyPort.length)
    for (const [i, port] of everyPort.entries())
      await expect(ask(places[i]!.host, port, 'x')).rejects.toThrow('ECONNREFUSED')
  })

  it('says which address is taken, and closes what it had opened', async () => {
    const blocker = createServer()
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.3', resolve))
    const { port } = blocker.address() as { port: number }
    const { site } = siteOf({ asics: 4, ports: { ...FREE_PORTS, asic: port } })
    await expect(site.open()).rejects.toThrow(
      `simulated c02-r01-s01: 127.0.0.3:${port} is taken; stop the other simulator or choose another --base address`,
    )
    await expect(ask('127.0.0.1', port, command('version'))).rejects.toThrow('ECONNREFUSED')
    await new Promise((resolve) => blocker.close(resolve))
  })

  it('refuses counts and addresses that cannot be', () => {
    expect(() => siteOf({ baseAddress: '10.0.0.1' })).toThrow(
      'base: expected a loopback address such as 127.10.0.1, got 10.0.0.1',
    )
    expect(() => siteOf({ asics: -1 })).toThrow('asics: expected a whole number from 0 to 2000, got -1')
    expect(() => siteOf({ baseAddress: '127.255.255.250' })).toThrow('too few loopback addresses')
  })
})

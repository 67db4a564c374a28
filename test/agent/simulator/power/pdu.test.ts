import { createSocket } from 'node:dgram'
import { createSession, ObjectType } from 'net-snmp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import snmpPdu from '../../../../agent/drivers/snmp-pdu/snmp-pdu.ts'
import { Site } from '../../../../agent/simulator/site.ts'
import { siteConfigs } from '../../../../agent/simulator/site-config.ts'

const clock = { nowMs: Date.UTC(2026, 5, 1, 12) }
const FREE = { dcgm: 0, llm: 0, meter: 0, snmp: 0 }
const siteOf = (options: { gpuHosts: number; ports?: Record<string, number> }) =>
  new Site({ seed: 3, asics: 0, baseAddress: '127.0.0.1', ports: FREE, ...options }, () => clock.nowMs)

let site: Site
beforeEach(async () => {
  site = siteOf({ gpuHosts: 6 })
  await site.open()
})
afterEach(() => site.close())

const advance = (seconds: number) => {
  for (let i = 0; i < seconds; i++) {
    clock.nowMs += 1000
    site.catchUp()
  }
}
async function read(i: number) {
  const { host } = site.layout.pdus[i]!
  const options = snmpPdu.settings.parse({ port: site.ports().snmp[i], version: '2c' })
  const session = snmpPdu.open({ id: site.pdus[i]!.id, host, options })
  try {
    return new Map((await session.read(AbortSignal.timeout(120_000))).map((r) => [r.part ?? '', r]))
  } finally {
    session.close?.()
  }
}

describe('the emulated rack PDUs', () => {
  it('are one a rack of four hosts, and each host is behind its outlet', () => {
    const { devices } = siteConfigs(site, 'mqtt://127.0.0.1:1883').gpu
    const behind = Object.fromEntries(devices.map((d) => [d.id, d.meteredBy]))
    expect(behind).toMatchObject({
      'pdu-01': 'site-meter',
      'pdu-02': 'site-meter',
      'gpu-01': 'pdu-01/outlet1',
      'gpu-04': 'pdu-01/outlet4',
      'gpu-05': 'pdu-02/outlet1',
      'gpu-06': 'pdu-02/outlet2',
    })
    expect(siteOf({ gpuHosts: 0 }).pdus).toEqual([])
  })

  it('show on the wire what their hosts draw at the wall, power and counter', async () => {
    advance(5)
    const before = await read(0)
    advance(1200)
    const after = await read(0)
    expect([...after.keys()]).toEqual(['inlet', 'outlet1', 'outlet2', 'outlet3', 'outlet4'])
    const { through, energyJ } = site.truth()
    for (const [i, host] of site.gpuHosts.slice(0, 4).entries()) {
      const outlet = after.get(`outlet${i + 1}`)!
      expect(outlet.sample).toMatchObject({
        state: 'ok',
        powerW: Math.round(host.wallW),
        powerBasis: 'metered',
      })
      expect(outlet).toMatchObject({ behind: 'inlet', identity: { tags: { name: host.name } } })
      const truth = through[`pdu-01/outlet${i + 1}`]!
      const gpusJ = host.gpus.reduce((sum, g) => sum + energyJ[`${host.name}/gpu${g.index}`]!, 0)
      // supplies, fans and the rest of a host
      expect(truth.energyJ).toBeGreaterThan(gpusJ * 1.1 + 1205 * 600)
    }
    const inlet = through['pdu-01/inlet']!
    const outlets = [1, 2, 3, 4].map((n) => through[`pdu-01/outlet${n}`]!.energyJ)
    expect(inlet.energyJ).toBeCloseTo(
      outlets.reduce((a, b) => a + b, 0),
      3,
    )
    const countedJ = (parts: typeof after) => parts.get('inlet')!.counters!.energyJ!
    expect(countedJ(after) - countedJ(before)).toBeGreaterThan(0)
    expect((countedJ(after) - 1_444_088 * 3600) * 1000).toBe(inlet.countedMilliJ)
  })

  it('are behind the site meter with everything else', () => {
    advance(600)
    const { through, siteEnergyJ, energyJ, overheadEnergyJ } = site.truth()
    const pdusJ = through['pdu-01/inlet']!.energyJ + through['pdu-02/inlet']!.energyJ
    const parts = Object.values(energyJ).reduce((a, b) => a + b, 0) + overheadEnergyJ
    expect(siteEnergyJ / parts).toBeCloseTo(1, 9)
    expect(pdusJ).toBeLessThan(siteEnergyJ)
    expect(pdusJ).toBeGreaterThan(0.9 * siteEnergyJ)
  })

  it('can only be read', async () => {
    const { host } = site.layout.pdus[0]!
    const name = '1.3.6.1.4.1.13742.6.3.5.3.1.3.1.1'
    const session = createSession(host, 'public', { version: 1, port: site.ports().snmp[0]!, timeout: 500 })
    const answer = await new Promise((resolve) =>
      session.set([{ oid: name, type: ObjectType.OctetString, value: 'mine' }], (error) =>
        resolve(error?.message),
      ),
    )
    session.close()
    expect(answer).toMatch(/NotWritable/)
    expect((await read(0)).get('outlet1')?.identity.tags).toEqual({ name: 'gpu-01' })
  })

  it('outlive what is not SNMP, and say nothing to a wrong community', async () => {
    const { host } = site.layout.pdus[0]!
    const port = site.ports().snmp[0]!
    const junk = createSocket('udp4')
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\0'.repeat(300), '0\x84\xff\xff\xff\xff'])
      await new Promise((resolve) => junk.send(Buffer.from(bytes, 'latin1'), port, host, resolve))
    junk.close()
    const session = createSession(host, 'private', { version: 1, port, timeout: 100, retries: 0 })
    const error = await new Promise((resolve) => session.get(['1.3.6.1.2.1.1.2.0'], resolve))
    session.close()
    expect(String(error)).toContain('timed out')
    expect((await read(0)).size).toBe(5)
  })

  it('open again on their ports after a close, and say which address is taken', async () => {
    const port = site.ports().snmp[0]!
    await site.close()
    await site.open()
    expect(site.ports().snmp[0]).toBe(port)
    advance(1)
    expect((await read(0)).size).toBe(5)
    const { host } = site.layout.pdus[0]!
    const other = siteOf({ gpuHosts: 6, ports: { ...FREE, snmp: port } })
    await expect(other.open()).rejects.toThrow(
      `simulated pdu-01: ${host}:${port} is taken; stop the other simulator or choose another --base address`,
    )
  })
})

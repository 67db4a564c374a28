import { describe, expect, it } from 'vitest'
import type { DeviceConfig } from '../../../agent/config/device-config.ts'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { macInTable, ownMacs } from '../../../agent/polling/arp-table.ts'
import { DevicePlaces } from '../../../agent/polling/device-places.ts'

const ARP = `IP address       HW type     Flags       HW address            Mask     Device
192.0.2.7        0x1         0x2         02:00:5e:00:00:07     *        eth0
192.0.2.8        0x1         0x2         02:00:5e:00:00:fe     *        eth0
192.0.2.9        0x1         0x2         02:00:5e:00:00:fe     *        eth0
192.0.2.10       0x1         0x0         00:00:00:00:00:00     *        eth0
`
type Settings = { driver: string } & Partial<DeviceConfig>
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('where a device is', () => {
  let nowMs = 0
  const names: Record<string, string | undefined> = { 'miner-7.site.example': '192.0.2.7' }
  const places = (more: { network?: string; computer?: string | undefined } = {}) =>
    new DevicePlaces({
      drivers: DRIVERS,
      computer: 'c0ffee',
      hostname: 'edge-1',
      nowMs: () => nowMs,
      resolve: async (name) => names[name],
      neighbours: async () => ARP,
      ...more,
    })
  const of = async (config: Settings, more?: Parameters<typeof places>[0]) => {
    const found = places(more)
    found.of({ id: 'x', ...config })
    await settled()
    return found.of({ id: 'x', ...config })
  }
  const address = async (config: Settings) => (await of(config)).address

  it('is the same for a miner read by its own driver, by a generic one, by its name or by its address', async () => {
    expect(await address({ driver: 'antminer', host: '192.0.2.7', port: 4028, webPort: 80 })).toBe(
      '192.0.2.7',
    )
    expect(await address({ driver: 'cgminer', host: '192.0.2.7', port: 4028 })).toBe('192.0.2.7')
    expect(await address({ driver: 'axeos', host: '192.0.2.7', port: 80 })).toBe('192.0.2.7')
    expect(await address({ driver: 'whatsminer-v3', host: '192.0.2.7', port: 4433 })).toBe('192.0.2.7')
    expect(await address({ driver: 'auto', host: '192.0.2.7', port: 4028, webPort: 80 })).toBe('192.0.2.7')
    expect(await address({ driver: 'cgminer', host: 'Miner-7.site.example' })).toBe('192.0.2.7')
  })

  it('has the port of a miner behind an address translation', async () => {
    expect(await address({ driver: 'cgminer', host: '192.0.2.7', port: 14028 })).toBe('192.0.2.7:14028')
    expect(await address({ driver: 'antminer', host: '192.0.2.7', port: 14028, webPort: 8081 })).toBe(
      '192.0.2.7:14028',
    )
    expect(await address({ driver: 'auto', host: '192.0.2.7', port: 4028, webPort: 8082 })).toBe(
      '192.0.2.7:8082',
    )
  })

  it('tells meters behind one gateway apart, and servers of one host', async () => {
    const meter = { driver: 'modbus-meter', host: '192.0.2.2', port: 502, map: 'schneider-iem3000' }
    expect(await address({ ...meter, unit: 1 })).toBe('192.0.2.2:502 unit=1')
    expect(await address({ ...meter, unit: 2 })).toBe('192.0.2.2:502 unit=2')
    expect(await address({ driver: 'llm-server', url: 'http://192.0.2.20:8000/metrics', service: 'a' })).toBe(
      '192.0.2.20:8000/metrics',
    )
    expect(await address({ driver: 'dcgm', host: '192.0.2.20' })).toBe('192.0.2.20/dcgm')
  })

  it('is one BMC, whether it is asked by Redfish or IPMI', async () => {
    expect(await address({ driver: 'redfish', url: 'https://192.0.2.30' })).toBe('192.0.2.30')
    expect(await address({ driver: 'ipmi', host: '192.0.2.30' })).toBe('192.0.2.30')
    expect(await address({ driver: 'redfish', host: '192.0.2.30', chassis: 'Node2' })).toBe(
      '192.0.2.30 chassis="Node2"',
    )
  })

  it('is on the computer whose loopback it is, and in the network that the configuration names', async () => {
    expect(await of({ driver: 'cgminer', host: '127.10.0.3', port: 4028 })).toEqual({
      address: 'c0ffee 127.10.0.3',
    })
    expect(await of({ driver: 'dcgm', url: 'http://127.0.0.1:9400/metrics' })).toEqual({
      address: 'c0ffee 127.0.0.1:9400/metrics',
      computer: 'c0ffee',
      hostname: 'edge-1',
    })
    expect(await of({ driver: 'cgminer', host: '127.0.0.1' }, { computer: undefined })).toEqual({
      hostname: 'edge-1',
    })
    expect(await of({ driver: 'cgminer', host: '192.0.2.7' }, { network: 'hall-2' })).toMatchObject({
      address: '192.0.2.7 @hall-2',
    })
  })

  it('of the agent’s own computer is what is read there, and with which settings', async () => {
    const here = { computer: 'c0ffee', hostname: 'edge-1' }
    expect(await of({ driver: 'rapl' })).toEqual({ ...here, address: 'c0ffee/rapl' })
    expect(await of({ driver: 'ipmi', program: 'ipmitool' })).toEqual({ ...here, address: 'c0ffee/ipmi' })
    expect(await of({ driver: 'ipmi', program: '/opt/node2' })).toEqual({
      ...here,
      address: 'c0ffee/ipmi program="/opt/node2"',
    })
    expect(await of({ driver: 'rapl' }, { computer: undefined })).toEqual({ hostname: 'edge-1' })
  })

  it('has the MAC of a neighbour that tells none, unless a router answers for several addresses', async () => {
    expect((await of({ driver: 'antminer', host: '192.0.2.7' })).mac).toBe('02:00:5E:00:00:07')
    expect((await of({ driver: 'antminer', host: '192.0.2.8' })).mac).toBeUndefined()
    expect((await of({ driver: 'antminer', host: '192.0.2.10' })).mac).toBeUndefined()
    expect((await of({ driver: 'cgminer', host: '192.0.2.7', port: 14028 })).mac).toBeUndefined()
    expect((await of({ driver: 'modbus-meter', host: '192.0.2.7', unit: 1 })).mac).toBeUndefined()
    expect(macInTable(ARP, '192.0.2.8')).toBe('02:00:5E:00:00:FE')
    expect([...ownMacs(ARP).keys()]).toEqual(['192.0.2.7'])
  })

  it('follows a name to its new address, and keeps the last one while the name server fails', async () => {
    const found = places()
    const config = { id: 'x', driver: 'cgminer', host: 'miner-7.site.example' }
    const ask = async () => {
      found.of(config)
      await settled()
      return found.of(config).address
    }
    expect(await ask()).toBe('192.0.2.7')
    names['miner-7.site.example'] = undefined
    nowMs += 61_000
    expect(await ask()).toBe('192.0.2.7')
    names['miner-7.site.example'] = '192.0.2.9'
    nowMs += 61_000
    expect(await ask()).toBe('192.0.2.9')
  })
})

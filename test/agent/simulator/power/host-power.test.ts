import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import hwmon from '../../../../agent/drivers/hwmon.ts'
import ipmi from '../../../../agent/drivers/ipmi/ipmi.ts'
import redfish from '../../../../agent/drivers/redfish/redfish.ts'
import { superchips, superchipW } from '../../../../agent/simulator/gpu/grace-text.ts'
import { BMC_SHAPES } from '../../../../agent/simulator/power/bmc-shapes.ts'
import { Site } from '../../../../agent/simulator/site.ts'
import { hostPrograms, siteConfigs } from '../../../../agent/simulator/site-config.ts'
import { soon } from '../../asic-harness.ts'
import { sysfsTree } from '../../sysfs-tree.ts'

/** How emulated hosts tell their power, each way read by the product's own driver and held against the host's power at its plug. */
const clock = { nowMs: Date.UTC(2026, 5, 1, 12) }
const ports = { asic: 0, web: 0, link: 0, status: 0, dcgm: 0, bmc: 0, llm: 0, meter: 0, snmp: 0 }
const site = new Site(
  { seed: 4, asics: 0, gpuHosts: BMC_SHAPES.length, bmcs: true, baseAddress: '127.0.0.1', ports },
  () => clock.nowMs,
)
const folder = mkdtempSync(join(tmpdir(), 'perwatt-host-power-'))
beforeAll(async () => {
  await site.open()
  for (let i = 0; i < 60; i++) {
    clock.nowMs += 1000
    site.catchUp()
  }
})
afterAll(async () => {
  await site.close()
  rmSync(folder, { recursive: true, force: true })
})

const target = { id: 'x', host: '' }
const hostAt = (index: number) => site.gpuHosts[index]!
const wallW = (index: number) => Math.round(hostAt(index).wallW)
const pageOf = (host: number, page: string) =>
  `http://${site.layout.gpuHosts[host]?.host}:${site.ports().dcgm[host]}/metrics/${page}`

describe('BMCs by Redfish', () => {
  const read = async (host: number, more: object = {}) => {
    const url = `http://${site.layout.gpuHosts[host]?.host}:${site.ports().bmc[host]}`
    const options = redfish.settings.parse({ url, ...more })
    const [reading] = await redfish.open({ ...target, options }).read(soon())
    return reading!
  }
  const shapes = BMC_SHAPES.map((shape, host) => ({ shape, host }))

  test.each(shapes.filter(({ shape }) => shape !== 'multi-node'))(
    'one of the kind $shape: the machine’s power, not that of a part or of a supply that is broken',
    async ({ host }) => {
      const { identity, sample } = await read(host)
      expect(sample).toEqual({
        state: 'ok',
        powerW: expect.closeTo(hostAt(host).wallW, -0.5),
        powerBasis: 'reported',
      })
      expect(identity.hardwareId).toBe(`SIM-GPU-${String(host + 1).padStart(2, '0')}`)
    },
  )

  test('one of two nodes is a fault until a person names the node, as the written configuration does', async () => {
    const host = BMC_SHAPES.indexOf('multi-node')
    expect((await read(host)).sample).toMatchObject({
      state: 'unknown',
      faults: [expect.stringContaining('the powers of several nodes (Node 1 Power, Node 2 Power)')],
    })
    const entry = siteConfigs(site, 'mqtt://127.0.0.1:1883').gpu.devices.find(({ id }) => id === 'gpu-03-bmc')
    expect((await read(host, { resource: entry?.['resource'] })).sample.powerW).toBe(wallW(host))
  })

  test('a site has none unless it is asked for them', () => {
    const plain = new Site(
      { seed: 4, asics: 0, gpuHosts: 2, baseAddress: '127.0.0.1', ports },
      () => clock.nowMs,
    )
    expect(plain.ports().bmc).toEqual([undefined, undefined])
    expect(siteConfigs(plain, 'mqtt://127.0.0.1:1883').gpu.devices.map(({ driver }) => driver)).not.toContain(
      'redfish',
    )
    expect([...hostPrograms(plain, folder)]).toEqual([])
  })
})

describe('BMCs by ipmitool', () => {
  const read = async (program: string) =>
    (await ipmi.open({ ...target, options: ipmi.settings.parse({ program }) }).read(soon()))[0]?.sample
  const written = (name: string, text: string) => {
    const file = join(folder, name)
    writeFileSync(file, text)
    chmodSync(file, 0o755)
    return file
  }
  /** a program that asks for these pages */
  const printing = (dcmi: string, sdr: string) =>
    written(
      `${dcmi}-${sdr}`,
      `#!${process.execPath}\nfetch(process.argv.includes('dcmi') ? '${pageOf(0, dcmi)}' : '${pageOf(0, sdr)}').then(async (a) => console.log(await a.text()))\n`,
    )

  test('by DCMI, with the program that the emulated site writes', async () => {
    const [[file, text] = ['', '']] = hostPrograms(site, folder)
    expect(file).toMatch(/gpu-01-ipmitool$/)
    expect(await read(written('ipmitool', text))).toEqual({
      state: 'ok',
      powerW: wallW(0),
      powerBasis: 'reported',
    })
  })

  test('without DCMI by the sensor of the machine', async () => {
    expect(await read(printing('ipmi-dcmi-none', 'ipmi-sdr'))).toMatchObject({ powerW: wallW(0) })
  })

  test.each(['ipmi-sdr-power-usage', 'ipmi-sdr-pw-consumption'])(
    'by the machine’s own sensor under another name, never by a part’s: %s',
    async (page) => {
      expect(await read(printing('ipmi-dcmi-none', page))).toMatchObject({
        powerW: wallW(0),
        powerBasis: 'reported',
      })
    },
  )

  test('by the inputs of the supplies under their short names, without their outputs', async () => {
    const sample = await read(printing('ipmi-dcmi-none', 'ipmi-sdr-pin'))
    expect(sample?.powerW).toBeCloseTo(wallW(0), -0.5)
    expect(sample?.powerBasis).toBe('reported')
  })

  test('without either by the sum of its supplies: an empty bay and one without a reading are none', async () => {
    expect((await read(printing('ipmi-dcmi-none', 'ipmi-sdr-supplies')))?.powerW).toBeCloseTo(wallW(0), -0.5)
  })
})

test('a machine with Grace by hwmon: its modules, each of which contains its GPU', async () => {
  const { root } = sysfsTree(await (await fetch(pageOf(0, 'grace-hwmon'))).text())
  const options = hwmon.settings.parse({ root, parts: true })
  const readings = await hwmon.open({ ...target, options }).read(soon())
  const parts = superchips(hostAt(0)).map((gpu) => superchipW(gpu))
  expect(parts).toHaveLength(2)
  const moduleW = parts.reduce((sum, part) => sum + part.moduleW, 0)
  expect(moduleW).toBeGreaterThan(hostAt(0).gpus[0]!.powerW + hostAt(0).gpus[1]!.powerW)
  expect(readings[0]?.sample).toMatchObject({ powerW: expect.closeTo(moduleW, 3), powerBasis: 'estimated' })
  const wattsOf = (name: string) => readings.find(({ part }) => part === name)?.sample.powerW
  for (const [socket, part] of parts.entries())
    for (const name of ['module', 'grace', 'cpu', 'sysio'] as const)
      expect(wattsOf(`${name}${socket}`), name).toBeCloseTo(part[`${name}W`], 3)
})

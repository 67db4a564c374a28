import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentConfigSchema } from '../../../agent/config/config.ts'
import antminer from '../../../agent/drivers/antminer/antminer.ts'
import avalon from '../../../agent/drivers/avalon/avalon.ts'
import dcgm from '../../../agent/drivers/dcgm/dcgm.ts'
import llmServer from '../../../agent/drivers/llm-server/llm-server.ts'
import modbusMeter from '../../../agent/drivers/modbus-meter/modbus-meter.ts'
import snmpPdu from '../../../agent/drivers/snmp-pdu/snmp-pdu.ts'
import whatsminer from '../../../agent/drivers/whatsminer.ts'
import type { Driver } from '../../../agent/plugin/driver.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { strike } from '../../../agent/simulator/asic/events.ts'
import { createRandom } from '../../../agent/simulator/base/random.ts'
import { Site } from '../../../agent/simulator/site.ts'
import { siteConfigs } from '../../../agent/simulator/site-config.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'

const drivers = [antminer, whatsminer, avalon, dcgm, llmServer, modbusMeter, snmpPdu] as unknown as Driver[]

const clock = { nowMs: Date.UTC(2026, 5, 1, 12) }
const ports = { asic: 0, web: 0, link: 0, status: 0, dcgm: 0, llm: 0, meter: 0, snmp: 0 }
const site = new Site({ seed: 4, asics: 12, gpuHosts: 2, baseAddress: '127.0.0.1', ports }, () => clock.nowMs)
beforeAll(() => site.open())
afterAll(() => site.close())

const advance = (seconds: number) => {
  for (let i = 0; i < seconds; i++) {
    clock.nowMs += 1000
    site.catchUp()
  }
}

/** Reads every configured device once, as the agent would. */
async function readAll(): Promise<Map<string, Reading>> {
  const readings = new Map<string, Reading>()
  const { mining, gpu } = siteConfigs(site, 'mqtt://127.0.0.1:1883')
  const schema = agentConfigSchema(drivers)
  const devices = [mining, gpu].flatMap((config) => schema.parse(config).devices)
  await Promise.all(
    devices.map(async (device) => {
      const { id, host = '' } = device
      const driver = drivers.find((d) => d.name === device.driver)!
      const session = driver.open({ id, host, options: device })
      for (const reading of await withDeadline((signal) => session.read(signal), 120_000))
        readings.set(reading.part ? `${id}/${reading.part}` : id, reading)
      session.close?.()
    }),
  )
  return readings
}

describe("the product's own drivers read the emulated site", () => {
  let readings = new Map<string, Reading>()
  beforeAll(async () => {
    advance(30)
    readings = await readAll()
  })

  it('every machine, GPU, the LLM server, the meter, and the PDU with its two outlets', () => {
    expect(readings.size).toBe(12 + 16 + 1 + 1 + 3)
  })

  it('ASICs: hashrate, boards, chips, and the work that their pool accepted', () => {
    for (const machine of site.machines) {
      const { sample, counters } = readings.get(machine.id)!
      expect(sample.state, machine.id).toBe('hashing')
      expect(sample.hashrateHs! / machine.hashrateHs, machine.id).toBeCloseTo(1, 1)
      expect(sample.boardsWorking, machine.id).toBe(3)
      expect(sample.tempC! - machine.hottestChipC, machine.id).toBeLessThan(2)
      const work = counters?.byOwner?.find((o) => o.owner['poolUrl'] === machine.pools[0].url)
      expect(work?.workDiff1, machine.id).toBe(machine.shares.difficultyAccepted)
      // stock Antminers tell no power: what the driver models is near the truth
      expect(sample.powerW! / machine.powerW, machine.id).toBeCloseTo(1, 0)
    }
  })

  it('GPUs: power, and the pod that holds them', () => {
    for (const host of site.gpuHosts)
      for (const gpu of host.gpus) {
        const { sample } = readings.get(`${host.name}/gpu${gpu.index}`)!
        expect(sample.powerW).toBeCloseTo(gpu.powerW, 2)
        expect(sample.holders?.map((h) => h.owner['pod'])).toEqual(gpu.job ? [gpu.job.pod] : [])
      }
  })

  it('the meter in W, and the tokens', () => {
    expect(readings.get('site-meter')!.sample.powerW! / site.meter.powerW).toBeCloseTo(1, 5)
    expect(readings.get('llm-chat')?.counters?.byOwner?.[0]).toMatchObject({
      owner: { service: 'chat', model: 'demo-chat-70b' },
      tokensOut: expect.any(Number),
    })
  })
})

it('the misfortunes are seen by every family’s driver: a lost board, a sleep, heat', async () => {
  const random = createRandom(1)
  // four machines a container, one maker a container: the last of each stays well
  const ends = [0, 4, 8].flatMap((first) => [
    strike(site.machines[first]!, 'board-lost', random),
    strike(site.machines[first + 1]!, 'sleeping', random),
    strike(site.machines[first + 2]!, 'overheating', random),
  ])
  for (let i = 0; i < 300; i++) for (const machine of site.machines) machine.advance(1)
  const readings = await readAll()
  const sampleOf = (i: number) => readings.get(site.machines[i]!.id)!.sample
  for (const first of [0, 4, 8]) {
    const family = site.machines[first]!.model.family
    expect(sampleOf(first), family).toMatchObject({ boardsFitted: 3, boardsWorking: 2 })
    expect(sampleOf(first).faults?.length, family).toBeGreaterThan(0)
    expect(sampleOf(first + 1).state, family).toBe('sleeping')
    expect(sampleOf(first + 2).tempC, family).toBeGreaterThan(95)
    expect(sampleOf(first + 3).faults, family).toBeUndefined()
  }
  for (const end of ends) end()
})

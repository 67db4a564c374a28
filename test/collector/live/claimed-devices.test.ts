import { describe, expect, it } from 'vitest'
import { AlertSituations } from '../../../collector/live/alert-situations.ts'
import { deviceView } from '../../../collector/live/device-view.ts'
import { LiveTable } from '../../../collector/live/live-table.ts'
import { siteView } from '../../../collector/live/site-view.ts'
import { SiteState } from '../../../collector/live/state.ts'
import { OwnershipRegister } from '../../../collector/ownership/register.ts'
import type { Device } from '../../../protocol/device.ts'
import type { Sample } from '../../../protocol/sample.ts'
import { BEGIN_MS, pricesOf, WORKLOADS } from '../live-events.ts'
import { siteRules } from '../rules.ts'

const FACTS = { site: 's', name: 's', timeZone: 'UTC' }
const PRICES = pricesOf({ btcUsd: 1e5, difficulty: 1e14, blockHeight: 900_000, energyUsdPerKwh: 0.05 })

describe('a device that belongs to another agent', () => {
  const state = new SiteState()
  const register = new OwnershipRegister()
  const rules = siteRules({ workloads: WORKLOADS })
  const table = new LiveTable(state, { ...rules, find: (id) => state.find(id) }, register)
  const situations = new AlertSituations(FACTS, WORKLOADS)
  const hear = (agentId: string, deviceId: string, more: Partial<Device> = {}) => {
    const device: Device = { deviceId, kind: 'asic', driver: 'cgminer', location: { rack: 'R1' }, ...more }
    state.inventory(agentId, { v: 1, atMs: BEGIN_MS, simulated: false, devices: [device] })
    register.hear(agentId, [device], BEGIN_MS)
    const sample: Sample = {
      deviceId,
      observedAtMs: BEGIN_MS,
      state: 'hashing',
      hashrateHs: 200e12,
      powerW: 3500,
      powerBasis: 'metered',
    }
    state.live(agentId, [sample], BEGIN_MS)
  }
  const MAC = { hardwareId: '02:AB:5E:00:00:0C' }
  const look = () => table.snapshot(BEGIN_MS, PRICES)

  it('is shown with its figures and whose it is, and added to nothing', () => {
    hear('a', 'miner-01', MAC)
    const alone = siteView(look(), FACTS)
    hear('b', 'hall-7', MAC)
    const snapshot = look()
    const { agents: _, putAside, ...site } = siteView(snapshot, FACTS)
    expect(putAside).toEqual([{ agentId: 'b', ownerAgentId: 'a', devices: 1 }])
    const { agents: __, ...before } = alone
    expect(site).toEqual(before)
    expect(snapshot.columns.racks(new Set())).toMatchObject([{ devices: 1, powerW: 3500 }])
    expect(deviceView(snapshot, 1, { earning: () => undefined })).toMatchObject({
      agentId: 'b',
      deviceId: 'hall-7',
      hashrateHs: 200e12,
      powerW: 3500,
      revenueUsdPerH: 0,
      claim: { agentId: 'a', deviceId: 'miner-01', because: 'the MAC 02:AB:5E:00:00:0C' },
    })
  })

  it('reaches the alert rules once, as a claim of the agent that reads it', () => {
    const { devices, claims, agents } = situations.of(look(), table.takeChanged([]))
    expect(devices.map((d) => d.deviceId)).toEqual(['miner-01'])
    expect(claims).toEqual([
      {
        agentId: 'b',
        ownerAgentId: 'a',
        devices: 1,
        example: { deviceId: 'hall-7', ownerDeviceId: 'miner-01', because: 'the MAC 02:AB:5E:00:00:0C' },
      },
    ])
    expect(agents.map((a) => a.replaced)).toEqual([undefined, true])
  })

  it('counts from the moment of its adoption, and the other one no longer', () => {
    register.adopt({ agentId: 'b', deviceId: 'hall-7' }, BEGIN_MS)
    const snapshot = look()
    expect(snapshot.devices.map((d) => d.claimed ?? false)).toEqual([true, false])
    expect(siteView(snapshot, FACTS)).toMatchObject({ hashrateHs: 200e12, devicesPowerW: 3500, devices: 1 })
  })
})

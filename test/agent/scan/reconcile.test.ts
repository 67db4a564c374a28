import { describe, expect, it } from 'vitest'
import { agentConfigSchema } from '../../../agent/config/config.ts'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { newConfigText, withPlan } from '../../../agent/scan/config-edits.ts'
import { placePattern } from '../../../agent/scan/places.ts'
import { reconcile } from '../../../agent/scan/reconcile.ts'
import { planLines } from '../../../agent/scan/report.ts'
import type { Found } from '../../../agent/scan/sweep.ts'
import { parseConfig } from '../../../protocol/kit/config.ts'

const CONFIG = `# Hall north. Ask Jo before you change anything.
site: plains-1
agent: container-01
pollInterval:   5s   # faster than usual
devices:
    # the good ones
    - id: c01-s01    # by the door
      driver: auto
      host: 10.0.1.1     # lease
      expectedHashrateHs: 200e12
      hardwareId: "02:00:5E:00:00:01"

    - { id: c01-s02, driver: whatsminer, host: '10.0.1.2', location: { slot: S02 } } # noisy
    - id: c01-s03
      driver: auto
      host: 10.0.1.3
      hardwareId: 02-00-5e-00-00-03
    - id: site-meter
      driver: modbus-meter
      host: 10.0.1.4
      map: schneider-iem3000

log: { level: warn }
`

const parse = (text: string) => parseConfig(agentConfigSchema(DRIVERS), text, 'agent.yaml')
const miner = (host: string, hardwareId?: string): Found => ({
  host,
  driver: 'whatsminer',
  identity: { model: 'Whatsminer M50S', firmware: '20230803.11.REL', ...(hardwareId ? { hardwareId } : {}) },
  sample: { state: 'hashing', hashrateHs: 126e12 },
})
const mac = (n: number) => `02:00:5E:00:00:${String(n).padStart(2, '0')}`
const places = placePattern('10.0.{container:C00}.{slot:S00}')

function planOf(found: readonly Found[], text = CONFIG) {
  const configured = parse(text).devices.map((device) => ({ device, address: device.host }))
  return reconcile(found, configured, {
    drivers: DRIVERS,
    ports: [4028, 80, 4433],
    placeOf: places,
    scanned: (address) => address.startsWith('10.0.1.'),
  })
}
/** Lines that are new, and lines that are gone. */
function changesOf(before: string, after: string): { gone: string[]; come: string[] } {
  const [old, young] = [before.split('\n'), after.split('\n')]
  return { gone: old.filter((l) => !young.includes(l)), come: young.filter((l) => !old.includes(l)) }
}

describe('scanning again', () => {
  it('changes nothing where everything is as it was', () => {
    const plan = planOf([miner('10.0.1.1', mac(1)), miner('10.0.1.2'), miner('10.0.1.3', mac(3))])
    expect(plan).toEqual({ unchanged: 3, moved: [], noted: [], added: [], exchanged: [], missing: [] })
    expect(withPlan(CONFIG, plan, {})).toBe(CONFIG)
  })

  it('follows machines that exchanged their leases, and touches only their addresses', () => {
    const plan = planOf([miner('10.0.1.1', mac(3)), miner('10.0.1.2'), miner('10.0.1.3', mac(1))])
    const after = withPlan(CONFIG, plan, {})
    expect(changesOf(CONFIG, after)).toEqual({
      gone: ['      host: 10.0.1.1     # lease', '      host: 10.0.1.3'],
      come: ['      host: 10.0.1.3     # lease', '      host: 10.0.1.1'],
    })
    expect(planLines('agent.yaml', plan)).toEqual([
      'agent.yaml: 2 with another address, 1 unchanged',
      '  c01-s03 moved from 10.0.1.3 to 10.0.1.1',
      '  c01-s01 moved from 10.0.1.1 to 10.0.1.3',
    ])
  })

  it('writes down the MAC of a machine that was known by its address', () => {
    const after = withPlan(CONFIG, planOf([miner('10.0.1.2', mac(2))]), {})
    expect(changesOf(CONFIG, after).come).toEqual([
      `    - { id: c01-s02, driver: whatsminer, host: '10.0.1.2', hardwareId: "${mac(2)}", location: { slot: S02 } } # noisy`,
    ])
    const block = CONFIG.replace('\n      hardwareId: "02:00:5E:00:00:01"\n', '\n').replaceAll('\n', '\r\n')
    expect(changesOf(block, withPlan(block, planOf([miner('10.0.1.1', mac(1))], block), {}))).toEqual({
      gone: [],
      come: [`      hardwareId: "${mac(1)}"\r`],
    })
  })

  it('appends machines that are new, as far to the right as the others, with their place', () => {
    const plan = planOf([miner('10.0.1.8', mac(8)), miner('10.0.1.9')])
    const after = withPlan(CONFIG, plan, { port: 4029 })
    const added = [
      '    - id: c01-s08',
      '      driver: auto # Whatsminer M50S, 20230803.11.REL',
      '      host: 10.0.1.8',
      `      hardwareId: "${mac(8)}"`,
      '      port: 4029',
      '      location: { container: C01, slot: S08 }',
      '    - id: c01-s09',
      '      driver: auto # Whatsminer M50S, 20230803.11.REL',
      '      host: 10.0.1.9',
      '      port: 4029',
      '      location: { container: C01, slot: S09 }',
    ]
    expect(changesOf(CONFIG, after)).toEqual({ gone: [], come: added })
    expect(after).toContain(`\n${added.join('\n')}\n`)
    expect(parse(after).devices.at(-1)).toMatchObject({ id: 'c01-s09', host: '10.0.1.9', port: 4029 })
  })

  it('appends to a list in brackets, and to one that ends the file without a newline', () => {
    const flow = 'site: s\nagent: a\ndevices: [{ id: x, driver: auto, host: 10.0.1.1 }]\n'
    expect(parse(withPlan(flow, planOf([miner('10.0.1.9')], flow), {})).devices.map((d) => d.id)).toEqual([
      'x',
      'c01-s09',
    ])
    const open = 'site: s\nagent: a\ndevices:\n- id: x\n  driver: auto\n  host: 10.0.1.1'
    expect(withPlan(open, planOf([miner('10.0.1.9')], open), {})).toMatch(
      /\n {2}host: 10\.0\.1\.1\n- id: c01-s09\n {2}driver: auto/,
    )
  })

  it('gives every new machine a name of its own', () => {
    const taken = CONFIG.replace('id: site-meter', 'id: c01-s09')
    expect(planOf([miner('10.0.1.9')], taken).added.map((d) => d.id)).toEqual(['c01-s09-2'])
    expect(planOf([miner('10.1.1.9', mac(9)), miner('10.1.1.10')]).added.map((d) => d.id)).toEqual([
      'whatsminer-000009',
      'whatsminer-10-1-1-10',
    ])
  })

  it('names what was not found, and leaves it', () => {
    const plan = planOf([miner('10.0.1.2')])
    expect(withPlan(CONFIG, plan, {})).toBe(CONFIG)
    expect(planLines('agent.yaml', plan)).toEqual([
      'agent.yaml: 1 unchanged, 2 not found',
      '  c01-s01 was not found at 10.0.1.1, nor elsewhere; it stays in the file',
      '  c01-s03 was not found at 10.0.1.3, nor elsewhere; it stays in the file',
    ])
  })

  it('does not take another machine at an address for the one that was there', () => {
    const plan = planOf([miner('10.0.1.1', mac(77))])
    expect(plan.added).toEqual([])
    expect(planLines('agent.yaml', plan)[1]).toBe(
      `  c01-s01 (${mac(1)}) was not found, and ${mac(77)} answers at its address 10.0.1.1; if the machine was exchanged, change its hardwareId`,
    )
  })

  it('takes a serial number for no contradiction of a MAC', () => {
    expect(planOf([miner('10.0.1.1', 'SN-4711')])).toMatchObject({ unchanged: 1, exchanged: [], added: [] })
  })

  it('does not know machines by a MAC that several have', () => {
    const plan = planOf([miner('10.0.1.1', mac(3)), miner('10.0.1.3', mac(3)), miner('10.0.1.8', mac(3))])
    expect(plan).toMatchObject({ unchanged: 2, moved: [], exchanged: [] })
    expect(plan.added.map((d) => d.found.identity?.hardwareId)).toEqual([undefined])
  })

  it('leaves the name of a host, which follows the machine by itself', () => {
    const named = CONFIG.replace('host: 10.0.1.1 ', 'host: rig1.plains.example ')
    const configured = parse(named).devices.map((device) => ({
      device,
      address: device.id === 'c01-s01' ? '10.0.1.1' : device.host,
    }))
    const options = { drivers: DRIVERS, ports: [4028, 80, 4433], placeOf: places, scanned: () => true }
    expect(reconcile([miner('10.0.1.9', mac(1))], configured, options).moved).toEqual([])
  })
})

describe('a new configuration', () => {
  it('is one that the agent accepts', () => {
    const added = [
      { id: 'c01-s08', found: miner('10.0.1.8', mac(8)), location: { container: 'C01', slot: '08' } },
    ]
    const text = newConfigText({ site: 'plains-1', agent: 'container-01' }, added, {})
    expect(parse(text)).toMatchObject({
      site: 'plains-1',
      agent: 'container-01',
      devices: [{ id: 'c01-s08', hardwareId: mac(8), location: { container: 'C01', slot: '08' } }],
    })
  })
})

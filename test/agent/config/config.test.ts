import { describe, expect, it } from 'vitest'
import { agentConfigSchema, spoolFolderOf } from '../../../agent/config/config.ts'
import { EXAMPLE } from '../../../agent/config/example.ts'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { parseConfig } from '../../../protocol/kit/config.ts'
import { UsageError } from '../../../protocol/kit/errors.ts'

const parse = (text: string) => parseConfig(agentConfigSchema(DRIVERS), text, 'agent.yaml')
const wrong = (text: string): readonly string[] => {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof UsageError) return error.lines
    throw error
  }
  throw new Error('nothing was wrong')
}
const HEAD = 'site: s\nagent: a\ndevices:\n'

describe('the agent’s configuration', () => {
  it('reads the commented example', () => {
    const config = parse(EXAMPLE)
    expect(config).toMatchObject({ site: 'plains-1', timeout: 5_000, pollIntervals: {} })
    expect(config.devices.map((d) => d.driver)).toEqual([
      'auto',
      'antminer',
      'dcgm',
      'llm-server',
      'modbus-meter',
      'host',
    ])
  })

  it('gives each agent a spool of its own, 7 days and 1 GiB of it', () => {
    const config = parse(EXAMPLE)
    expect(config.spool).toEqual({ maxBytes: 2 ** 30, maxAge: 7 * 86_400_000 })
    expect(spoolFolderOf(config)).toBe('/var/lib/perwatt-agent/container-01')
    expect(spoolFolderOf({ ...config, spool: { ...config.spool, folder: '/srv/spool' } })).toBe('/srv/spool')
  })

  it.each([
    [
      'two miners behind one address, by their ports',
      '{ id: a, driver: cgminer, host: 192.0.2.7 }',
      '{ id: b, driver: cgminer, host: 192.0.2.7, port: 14028 }',
    ],
    [
      'two meters behind one gateway, by their units',
      '{ id: a, driver: modbus-meter, host: 192.0.2.2, map: sunspec }',
      '{ id: b, driver: modbus-meter, host: 192.0.2.2, map: sunspec, unit: 2 }',
    ],
    [
      'two miners whose address is expected to move',
      '{ id: a, driver: auto, host: 192.0.2.7, hardwareId: "02:00:5E:00:01:11" }',
      '{ id: b, driver: auto, host: 192.0.2.7, hardwareId: "02:00:5E:00:01:12" }',
    ],
    ['this computer by two drivers', '{ id: a, driver: rapl }', '{ id: b, driver: host }'],
  ])('takes %s', (_, a, b) => {
    expect(() => parse(`${HEAD}  - ${a}\n  - ${b}`)).not.toThrow()
  })

  it('takes a password without a user name, which is then the agent’s', () => {
    const { mqtt } = parse(`${HEAD}  - { id: a, driver: host }\nmqtt: { password: p }`)
    expect(mqtt.username).toBeUndefined()
    expect(mqtt.password?.reveal()).toBe('p')
  })

  it.each([
    [
      'a password in the address of the broker',
      `${HEAD}  - { id: a, driver: host }\nmqtt: { url: "mqtt://rack:hunter2@broker.site" }`,
      'agent.yaml: mqtt.url: is an address with a user or a password in it; move them to username and password beside it',
    ],
    [
      'an address that is not one',
      `${HEAD}  - { id: a, driver: antminer, host: 10.0.3.1 }\n  - { id: b, driver: antminer, host: 10.0.3 }`,
      'agent.yaml: devices[1].host: expected a host name or an address, got 10.0.3',
    ],
    [
      'a host that is missing',
      `${HEAD}  - { id: a, driver: antminer }`,
      'agent.yaml: devices[0].host: is missing; expected a string',
    ],
    [
      'a driver that nobody wrote',
      `${HEAD}  - { id: a, driver: abacus, host: x }`,
      `agent.yaml: devices[0].driver: expected one of ${['auto', ...DRIVERS.map((d) => d.name)].join(', ')}, got abacus`,
    ],
    [
      'a setting with a typing error',
      `${HEAD}  - { id: a, driver: auto, host: x, porrt: 3 }`,
      'agent.yaml: devices[0].porrt: is not a setting here; check the spelling',
    ],
    [
      'a port out of range',
      `${HEAD}  - { id: a, driver: auto, host: x, port: 70000 }`,
      'agent.yaml: devices[0].port: expected at most 65535, got 70000',
    ],
    [
      'two devices of one name',
      `${HEAD}  - { id: a, driver: host }\n  - { id: a, driver: host }`,
      'agent.yaml: devices[1].id: a is the id of devices[0] already; give each device its own',
    ],
    [
      'two devices whose names differ in capitals alone',
      `${HEAD}  - { id: Rig, driver: host }\n  - { id: rig, driver: auto, host: 10.0.0.9 }`,
      'agent.yaml: devices[1].id: rig is the id of devices[0] already, Rig, but for capitals; give each device its own',
    ],
    [
      'a machine behind a meter of own generation',
      `${HEAD}  - { id: roof, driver: modbus-meter, host: 10.0.0.9, map: sunspec, generates: solar }\n  - { id: a, driver: host, meteredBy: roof }`,
      'agent.yaml: devices[1].meteredBy: roof measures own generation (solar), and a generates nothing; set the meter through which it draws',
    ],
    [
      'own generation of something that is no meter',
      `${HEAD}  - { id: a, driver: host, generates: solar }`,
      'agent.yaml: devices[0].generates: a is no meter; set it on the meter that measures it',
    ],
    [
      'a meter behind itself',
      `${HEAD}  - { id: a, driver: modbus-meter, host: 10.0.0.9, map: sunspec, meteredBy: a }`,
      'agent.yaml: devices[0].meteredBy: a is behind itself, by a; a meter can’t be behind what it measures',
    ],
    [
      'one miner under two names, by its own driver and a generic one',
      `${HEAD}  - { id: a, driver: antminer, host: 192.0.2.7 }\n  - { id: b, driver: cgminer, host: 192.0.2.7 }`,
      'agent.yaml: devices[1]: 192.0.2.7 is read as a (devices[0]) already, and would count twice; remove one of them',
    ],
    [
      'one serial number twice, in any spelling',
      `${HEAD}  - { id: a, driver: auto, host: 192.0.2.7, hardwareId: "02005e000111" }\n  - { id: b, driver: auto, host: 192.0.2.8, hardwareId: "02:00:5E:00:01:11" }`,
      'agent.yaml: devices[1]: 02:00:5E:00:01:11 is read as a (devices[0]) already, and would count twice; remove one of them',
    ],
    [
      'this computer’s meters twice',
      `${HEAD}  - { id: a, driver: rapl }\n  - { id: b, driver: rapl }`,
      'agent.yaml: devices[1]: this computer is read as a (devices[0]) already, and would count twice; remove one of them',
    ],
    [
      'the collector’s name',
      'site: s\nagent: collector\ndevices:\n  - { id: a, driver: host }',
      'agent.yaml: agent: expected another name: "collector" is reserved for the collector, got collector',
    ],
    [
      'a duration without a unit',
      `pollInterval: 10\n${HEAD}  - { id: a, driver: host }`,
      'agent.yaml: pollInterval: expected a duration such as 500ms, 5s, 2m, 1h or 7d, got 10',
    ],
    [
      'a poll interval out of range',
      `pollInterval: 10ms\n${HEAD}  - { id: a, driver: host }`,
      'agent.yaml: pollInterval: expected 1s to 60s, got 10ms',
    ],
    [
      'a spool without a unit',
      `spool: { maxBytes: 5 }\n${HEAD}  - { id: a, driver: host }`,
      'agent.yaml: spool.maxBytes: expected a size such as 512MiB or 1GiB, got 5',
    ],
    [
      'a spool that is too small',
      `spool: { maxBytes: 5kB }\n${HEAD}  - { id: a, driver: host }`,
      'agent.yaml: spool.maxBytes: expected at least 1MiB, got 5kB',
    ],
    [
      'a BMC without an address',
      `${HEAD}  - { id: a, driver: redfish }`,
      'agent.yaml: devices[0].host: is missing; set host or url',
    ],
    [
      'a password that is neither a text nor where one is',
      `${HEAD}  - { id: a, driver: redfish, host: 192.0.2.1, password: { fil: /x } }`,
      'agent.yaml: devices[0].password: expected the text, { file: ... } or { env: ... }, got [secret]',
    ],
    [
      'SNMPv3 as a version',
      `${HEAD}  - { id: a, driver: snmp-pdu, host: 192.0.2.1, version: 3 }`,
      'agent.yaml: devices[0].version: expected 1, 2c or auto (for SNMPv3 use the setting v3), got 3',
    ],
    [
      'a Modbus function that would write',
      `${HEAD}  - { id: a, driver: modbus-meter, host: 192.0.2.1, map: { power: { function: 6, address: 1, type: int16 } } }`,
      'agent.yaml: devices[0].map.power.function: expected 3 or 4, got 6',
    ],
    ['an empty file', '', 'agent.yaml: site: is missing; expected a string'],
    [
      'text that is not YAML',
      'site: [',
      'agent.yaml: Flow sequence in block collection must be sufficiently indented and end with a ] at line 1, column 8:',
    ],
    [
      'a password in a variable that is not set',
      `mqtt: { password: { env: PERWATT_NO_SUCH } }\n${HEAD}  - { id: a, driver: host }`,
      'agent.yaml: mqtt.password.env: PERWATT_NO_SUCH is not set in the environment; set it, or give { file: ... }',
    ],
  ])('names the place and the cure: %s', (_what, text, line) => {
    expect(wrong(text)).toContain(line)
  })
})

import type { GpuHost } from '../gpu/host.ts'

/**
 * What `ipmitool` prints about a host, by the way in which its BMC tells the power. Sources: lovoo/ipmi_exporter, issue 18 (DCMI);
 * influxdata/telegraf, plugins/inputs/ipmi_sensor, its tests (SDR).
 */
export const IPMI_PAGES: Readonly<Record<string, (host: GpuHost) => string>> = {
  'ipmi-dcmi': ({ wallW }) => dcmi(`${Math.round(wallW)}`),
  // a firmware's word for none
  'ipmi-dcmi-none': () => dcmi('65535'),
  'ipmi-sdr': ({ wallW }) =>
    sdr([
      ['Pwr Consumption', '77h', '7.1', `${Math.round(wallW)} Watts`],
      ['Current 1', '6Ah', '10.1', '4 Amps'],
    ]),
  // makers' names of the machine's own sensor, beside parts of it (names: influxdata/telegraf's tests and issues)
  'ipmi-sdr-power-usage': ({ wallW, powerW }) =>
    sdr([
      ['GPU_POWER', '70h', '11.1', `${Math.round(powerW)} Watts`],
      ['CPU_POWER', '71h', '3.1', '310 Watts'],
      ['POWER_USAGE', '77h', '7.1', `${Math.round(wallW)} Watts`],
    ]),
  'ipmi-sdr-pw-consumption': ({ wallW }) =>
    sdr([
      ['PW Consumption', '77h', '7.1', `${Math.round(wallW)} Watts`],
      ['FAN_PWR', '72h', '29.1', '210 Watts'],
    ]),
  // inputs and outputs of both supplies, by their short names
  'ipmi-sdr-pin': ({ wallW, powerW }) =>
    sdr([
      ['PSU1 PIN', '80h', '10.1', `${Math.round(wallW / 2)} Watts`],
      ['PSU1 POUT', '81h', '10.1', `${Math.round(powerW / 2)} Watts`],
      ['PSU2 PIN', '82h', '10.2', `${Math.round(wallW / 2)} Watts`],
      ['PSU2 POUT', '83h', '10.2', `${Math.round(powerW / 2)} Watts`],
    ]),
  // two supplies share the load, a bay is empty, and one supply does not answer now
  'ipmi-sdr-supplies': ({ wallW }) =>
    sdr([
      ['PS1 Power In', '80h', '10.1', `${Math.round(wallW / 2)} Watts`],
      ['PS2 Power In', '81h', '10.2', `${Math.round(wallW / 2)} Watts`],
      ['PS3 Power In', '82h', '10.3', 'Disabled'],
      ['PS4 Power In', '83h', '10.4', 'No Reading'],
    ]),
}

const dcmi = (watts: string): string => `
    Instantaneous power reading:              ${watts.padStart(8)} Watts
    Minimum during sampling period:                 18 Watts
    Maximum during sampling period:               9120 Watts
    Average power reading over sample period:     5210 Watts
    IPMI timestamp:                           Mon Jun  1 12:00:38 2026
    Sampling period:                          00000001 Seconds.
    Power reading state is:                   activated
`

const sdr = (powers: readonly (readonly [name: string, id: string, entity: string, says: string])[]) =>
  [['Inlet Temp', '05h', '7.1', '23 degrees C'], ['Fan1A', '30h', '7.1', '9120 RPM'], ...powers]
    .map(([name = '', id = '', entity = '', says = '']) => {
      const state = /^\d/.test(says) ? 'ok ' : 'ns '
      return `${name.padEnd(16)} | ${id} | ${state} | ${entity.padStart(4)} | ${says}`
    })
    .join('\n')

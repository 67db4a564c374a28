import { z } from 'zod'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { SecretSchema } from '../../../protocol/kit/secret.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import type { Reading } from '../../plugin/reading.ts'
import { CommandFailed, Program } from '../../wire/command.ts'
import { dcmiPowerW, ipmiPowerSensors, isWithoutDcmi, wholeMachine } from './ipmitool.ts'

const DCMI = ['dcmi', 'power', 'reading']
const SENSORS = ['sdr', 'elist', 'full']

/** ipmitool's error messages, each with what to do about it. */
const HINTS = [
  [
    /Could not open device[^\n]*Permission denied/i,
    'only root may open /dev/ipmi0: give it to the agent’s group by a udev rule, or run the agent as root',
  ],
  [
    /Could not open device/i,
    'this machine shows no BMC: load the kernel modules ipmi_devintf and ipmi_si (modprobe), or set host to the BMC’s address',
  ],
  [
    /insufficient privilege|RAKP 2|Activate Session error|unauthorized name|password.*invalid/i,
    'check the user, the password and the privilege of its account on the BMC',
  ],
  [
    /Unable to establish (LAN|IPMI)|Get Auth Capabilities error|Address lookup/i,
    'check the BMC’s address, that UDP 623 is open, and that IPMI over LAN is enabled',
  ],
] as const

export default defineDriver({
  name: 'ipmi',
  summary: 'a machine’s power by its BMC, with ipmitool: DCMI, else the sensor of the whole machine',
  kind: 'host',
  needsHost: false,
  requests: [DCMI, SENSORS].map((args) => ['ipmitool', ...args].join(' ')),
  settings: z.strictObject({
    username: z.string().min(1).max(64).optional().describe('account on the BMC, if host names one'),
    password: SecretSchema.optional().describe(
      'password of the account: the text, { file: ... } or { env: ... }',
    ),
    privilege: z
      .enum(['USER', 'OPERATOR', 'ADMINISTRATOR'])
      .optional()
      .describe(
        'privilege level to log in with; ipmitool’s default is ADMINISTRATOR, but for DCMI most BMCs need only USER',
      ),
    sensor: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('name of the sensor of the machine’s input power, for a BMC without DCMI'),
    program: z.string().min(1).default('ipmitool').describe('the program, or its path'),
  }),
  open({ host, options }): Session {
    const { username, password, privilege, sensor, program } = options
    // -E takes the password from the environment, where other users can't see it
    const ipmitool = new Program(program, {
      install: 'apt-get install ipmitool',
      hints: HINTS,
      env: password ? { IPMI_PASSWORD: password.reveal() } : {},
    })
    const remote = host
      ? [
          '-I',
          'lanplus',
          '-H',
          host,
          ...(username ? ['-U', username] : []),
          ...(password ? ['-E'] : []),
          ...(privilege ? ['-L', privilege] : []),
        ]
      : []
    let dcmi = sensor === undefined
    return {
      async read(signal) {
        if (dcmi) {
          const text = await ipmitool.run([...remote, ...DCMI], signal).catch(wordsOfRefusal)
          if (!isWithoutDcmi(text))
            return [reading(dcmiPowerW(text), 'the BMC has no power reading; it may have no meter')]
          dcmi = false
        }
        const found = ipmiPowerSensors(await ipmitool.run([...remote, ...SENSORS], signal))
        const whole = wholeMachine(found, sensor)
        if (whole) return [reading(whole.powerW || undefined, `the sensor ${whole.name} has no watts`)]
        const there = found.map(({ name }) => name).join(', ')
        throw new PerwattError(
          'no-sensor',
          `the BMC has no DCMI and no sensor ${sensor ?? 'of the whole machine'}; ${there ? `set sensor to the one that measures the machine's input power: ${there}` : 'use redfish, or a meter'}`,
        )
      },
    }
  },
})

/** For `catch`: ipmitool fails where a BMC has no DCMI; its message is then the answer. @throws every other error */
function wordsOfRefusal(error: unknown): string {
  if (error instanceof CommandFailed && isWithoutDcmi(error.output)) return error.output
  throw error
}

const reading = (powerW: number | undefined, fault: string): Reading => ({
  identity: { kind: 'host' },
  sample:
    powerW === undefined
      ? { state: 'unknown', faults: [fault] }
      : { state: 'ok', powerW, powerBasis: 'reported' },
})

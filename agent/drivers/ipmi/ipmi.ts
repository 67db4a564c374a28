import { z } from 'zod'
import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { deadlineOf, withDeadline } from '../../../protocol/kit/retry.ts'
import { SecretSchema } from '../../../protocol/kit/secret.ts'
import { isDoubtful } from '../../host-power/held-against.ts'
import { firstOf, type Judged } from '../../host-power/judge.ts'
import type { MachinePower, NamedSensor } from '../../host-power/machine-power.ts'
import { PassedOver } from '../../host-power/passed-over.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import type { Reading } from '../../plugin/reading.ts'
import { CommandFailed, Program } from '../../wire/command.ts'
import {
  dcmiPowerW,
  ipmiPowerSensors,
  isCutShort,
  isForNow,
  isOfWhole,
  isWithoutBmc,
  isWithoutDcmi,
} from './ipmitool.ts'
import { Totals } from './totals.ts'

const DCMI = ['dcmi', 'power', 'reading']
const SENSORS = ['sdr', 'elist', 'full']

/** How long the sensors are read first after DCMI had no power or failed: a BMC may say nothing only while it starts. */
const DCMI_AGAIN_MS = 10 * 60_000
/** The length of a poll whose signal does not tell it. */
const UNTOLD_MS = 4000
/** What DCMI may take of a poll, so that the sensors can still be read: some BMCs never answer it. */
const DCMI_SHARE = 0.5
/** What the sensors may take of the rest where they are only read to hold DCMI against them. */
const CHECK_SHARE = 0.75
/** In the setting `sensor`: the reading of DCMI, and no other. */
const ONLY_DCMI = 'DCMI'

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

const SensorSchema = z.string().min(1).max(64)

export default defineDriver({
  name: 'ipmi',
  summary:
    'a machine’s power by its BMC, with ipmitool: DCMI, else the sensor of the whole machine, else its supplies',
  kind: 'host',
  measures: 'machine',
  needsHost: false,
  // "the burden that you'd put on your BMC by such calls, especially if you do it every short interval" (ipmitool, discussion 275)
  pollMs: 10_000,
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
      .union([SensorSchema, z.array(SensorSchema).min(1).max(16)])
      .optional()
      .describe(
        'name of the sensor of the machine’s input power, for a BMC without DCMI or with the sensors of several machines; or a list of names that are added up; `DCMI`: the reading of DCMI, though it is far from that of the supplies',
      ),
    program: z.string().min(1).default('ipmitool').describe('the program, or its path'),
  }),
  open({ host, options, remembered }): Session {
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
    const isOnlyDcmi = [sensor].flat().join() === ONLY_DCMI
    const wanted = sensor === undefined || isOnlyDcmi ? undefined : [sensor].flat()
    const passedOver = new PassedOver()
    const totals = new Totals(remembered)
    let hasDcmi = wanted === undefined
    /** why DCMI could not be asked in this poll */
    let dcmiFailure: unknown
    /** where neither fits into one poll, each has whole polls in turn */
    let dcmiShare = DCMI_SHARE
    /** steady clock */
    let askDcmiAtMs = Number.NEGATIVE_INFINITY

    const byDcmi = async (signal: AbortSignal, faults: string[]): Promise<Judged> => {
      dcmiFailure = undefined
      if (wanted !== undefined || (!isOnlyDcmi && performance.now() < askDcmiAtMs)) return {}
      const ms = (deadlineOf(signal)?.ms ?? UNTOLD_MS) * dcmiShare
      try {
        const text = await withDeadline((own) => ipmitool.run([...remote, ...DCMI], own), ms, signal)
        hasDcmi = !isWithoutDcmi(text)
        return hasDcmi ? dcmiPowerW(text) : {}
      } catch (error) {
        if (signal.aborted) askDcmiAtMs = performance.now() + DCMI_AGAIN_MS
        signal.throwIfAborted()
        if (!leadsOn(error)) throw error
        hasDcmi = !(error instanceof CommandFailed && isWithoutDcmi(error.output))
        if (hasDcmi) {
          dcmiFailure = error
          if (!(error instanceof CommandFailed && isForNow(error.output)))
            passedOver.fails('DCMI', error, faults)
        }
        return {}
      }
    }
    const listOf = async (signal: AbortSignal): Promise<NamedSensor[]> => {
      const text = await ipmitool.run([...remote, ...SENSORS], signal).catch((error) => {
        if (!(error instanceof CommandFailed) || isCutShort(error.output)) throw dcmiFailure ?? error
        // ipmitool fails where one of many sensors does
        if (ipmiPowerSensors(error.output).length > 0) return error.output
        // DCMI answered, so the BMC is there; its sensors are only the second choice
        if (hasDcmi && dcmiFailure === undefined) return ''
        throw dcmiFailure ?? error
      })
      return ipmiPowerSensors(text)
    }
    const bySensors = (found: NamedSensor[], faults: string[]): MachinePower => {
      const missing = wanted?.filter((one) => !found.some(({ name }) => name === one)) ?? []
      const power = wanted === undefined ? totals.ofList(found, passedOver, faults) : sumOf(wanted, found)
      if (power.powerW === undefined && dcmiFailure !== undefined && power.unclear === undefined)
        throw dcmiFailure
      const isThere = wanted ? missing.length === 0 : found.some(isOfWhole)
      if (hasDcmi || isThere || Object.keys(power).length > 0) return power
      const there = found.map(({ name }) => name).join(', ')
      throw new PerwattError(
        'no-sensor',
        `the BMC has no DCMI and no sensor ${wanted ? missing.join(', ') : 'of the whole machine'}; ${there ? `set sensor to the one that measures the machine's input power: ${there}` : 'use redfish, or a meter'}`,
      )
    }
    /** The sensors to hold DCMI against; undefined where they say nothing now. */
    const otherList = async (signal: AbortSignal): Promise<NamedSensor[] | undefined> => {
      const { atMs } = deadlineOf(signal) ?? { atMs: performance.now() + UNTOLD_MS }
      const ms = Math.max(1, (atMs - performance.now()) * CHECK_SHARE)
      try {
        return await withDeadline(listOf, ms, signal)
      } catch {
        signal.throwIfAborted()
        return undefined
      }
    }
    return {
      async read(signal) {
        const faults: string[] = []
        const said = await byDcmi(signal, faults)
        if (isOnlyDcmi)
          return [
            reading(
              { ...said, basis: 'reported' },
              said.powerW === undefined ? [noPower({}, undefined, undefined)] : [],
            ),
          ]
        const isHeld = isDoubtful(said) || (said.powerW !== undefined && totals.isDue(said.powerW))
        const list = isHeld ? await otherList(signal) : undefined
        const held = isHeld ? totals.ofDcmi(said, list, passedOver, faults) : said
        const dcmi: MachinePower = passedOver.take('DCMI', held, faults)
        if (dcmi.powerW !== undefined) return [reading({ ...dcmi, basis: 'reported' }, faults)]
        if (dcmi.unclear !== undefined) return [reading({}, [unclearDcmi(dcmi.unclear), ...faults])]
        const found =
          list ??
          (await listOf(signal).catch((error) => {
            if (signal.aborted) [askDcmiAtMs, dcmiShare] = [Number.NEGATIVE_INFINITY, 1]
            throw error
          }))
        const power = passedOver.take(
          `the sensor ${wanted?.join(' + ') ?? 'list'}`,
          bySensors(found, faults),
          faults,
        )
        if (power.powerW !== undefined) {
          const isBusy = dcmiFailure instanceof CommandFailed && isForNow(dcmiFailure.output)
          if (!isBusy && performance.now() >= askDcmiAtMs) askDcmiAtMs = performance.now() + DCMI_AGAIN_MS
          return [reading(power, faults)]
        }
        askDcmiAtMs = Number.NEGATIVE_INFINITY
        const isTold =
          power.refused !== undefined && faults.some((fault) => fault.includes(`${power.refused}`))
        const refused = isTold ? undefined : power.refused
        const why = noPower({ unclear: power.unclear, refused }, wanted, dcmi.refused ?? totals.refusedDcmi)
        return [reading(power, [why, ...faults])]
      },
      remembers: () => totals.known,
    }
  },
})

/** The sum of the sensors that a person named; nothing where one of them has no watts. */
function sumOf(wanted: readonly string[], found: readonly NamedSensor[]): MachinePower {
  const named = wanted.map((one) => found.find(({ name }) => name === one) ?? {})
  const watts = named.flatMap(({ powerW }: Judged) => powerW ?? [])
  if (watts.length < wanted.length) return defined({ refused: firstOf(named).refused })
  return { powerW: watts.reduce((sum, powerW) => sum + powerW, 0), basis: 'reported' }
}

/** @param dcmi what DCMI says that is not used */
function noPower(
  { unclear, refused }: { unclear?: string | undefined; refused?: string | undefined },
  wanted: readonly string[] | undefined,
  dcmi: string | undefined,
): string {
  if (unclear !== undefined) return `the BMC shows ${unclear}; set sensor to this machine's`
  if (wanted !== undefined) return `the sensor ${wanted.join(' + ')} has no watts`
  if (dcmi !== undefined)
    return `DCMI says ${dcmi}, and no other sensor has a power now; set sensor: ${ONLY_DCMI} where DCMI is right, else check the BMC's sensors of its supplies`
  return refused === undefined
    ? 'the BMC has no power reading; it may have no meter'
    : `the BMC's sensors say ${refused}, and none has a power now; check the BMC's firmware`
}

const unclearDcmi = (unclear: string): string =>
  `the BMC shows ${unclear}; set sensor: ${ONLY_DCMI} where they do, else the names of this machine's own sensors`

/** Whether the BMC may answer another request: it is there and takes the login, or says nothing to this one. */
const leadsOn = (error: unknown): boolean =>
  error instanceof CommandFailed
    ? !isWithoutBmc(error.output)
    : error instanceof PerwattError && error.code === 'no-reply'

const reading = ({ powerW, basis }: MachinePower, faults: string[]): Reading => ({
  identity: { kind: 'host' },
  sample: defined({
    state: powerW === undefined ? ('unknown' as const) : ('ok' as const),
    powerW,
    powerBasis: powerW === undefined ? undefined : basis,
    faults: faults.length > 0 ? faults : undefined,
  }),
})

import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { z } from 'zod'
import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { HttpUrlSchema } from '../../../protocol/kit/fields.ts'
import { deadlineOf, withDeadline } from '../../../protocol/kit/retry.ts'
import { SecretSchema } from '../../../protocol/kit/secret.ts'
import type { TotalChecks } from '../../host-power/total-checks.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import type { Reading } from '../../plugin/reading.ts'
import { Chooser, type Chosen } from './chooser.ts'
import { Redfish } from './client.ts'
import { type Found, findPower } from './find.ts'
import { Memory } from './memory.ts'
import { Pages, UNTOLD_MS } from './pages.ts'
import type { RedfishPower } from './power.ts'
import { powerOf, sumOf } from './resource.ts'

/** A BMC takes about a second for each page, so the first walk may last longer than a poll; it goes on in the background. */
const WALK_MS = 60_000
/**
 * After this time without a power the machine is looked for again: a BMC shows other resources once its machine runs. So it is where a
 * page failed during the walk.
 */
const WALK_AGAIN_MS = 10 * 60_000

const ResourceSchema = z.string().startsWith('/redfish/')

export default defineDriver({
  name: 'redfish',
  summary:
    'a machine’s power by its BMC’s Redfish service: EnvironmentMetrics, Power, supplies, Sensors or a maker’s own field',
  kind: 'host',
  measures: 'machine',
  needsHost: 'or-url',
  // BMCs answer one page in 1 s to 3 s (ceems-dev/ceems issue 341, mrlhansen/idrac_exporter issue 85)
  pollMs: 10_000,
  requests: ['GET /redfish/v1/ and what it links to'],
  settings: z.strictObject({
    url: HttpUrlSchema.optional().describe('the BMC’s address; default https://<host>'),
    username: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('account on the BMC; the right to read is enough'),
    password: SecretSchema.optional().describe(
      'password of the account: the text, { file: ... } or { env: ... }',
    ),
    caFile: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file of the authority that signed the BMC’s certificate'),
    insecureTls: z
      .boolean()
      .default(false)
      .describe('true: accept any certificate; most BMCs come with a self-signed one'),
    chassis: z.string().min(1).optional().describe('Id of the chassis to read, if the BMC has several'),
    resource: z
      .union([ResourceSchema, z.array(ResourceSchema).min(1).max(16)])
      .optional()
      .describe(
        'path of the only resource to read, such as /redfish/v1/PowerEquipment/RackPDUs/1/Metrics or .../Power#/PowerControl/0; or a list of paths whose powers are added up',
      ),
  }),
  open({ host, options, remembered }): Session {
    const {
      url = host && `https://${isIPv6(host) ? `[${host}]` : host}`,
      caFile,
      resource,
      chassis,
    } = options
    const closed = new AbortController()
    const memory = new Memory(remembered)
    let bmc: Redfish | undefined
    let found: Omit<Found, 'first'> | undefined =
      resource === undefined
        ? undefined
        : {
            identity: { kind: 'host' },
            chooser: oneResource([resource].flat(), memory.totals),
            isWhole: true,
          }
    let walk: Promise<Found> | undefined
    /** steady clock: when there was a power last */
    let aliveAtMs = 0
    /** steady clock */
    let foundAtMs = 0

    const service = async (): Promise<Redfish> => {
      if (!url) throw new PerwattError('usage', 'no BMC is named; set host or url')
      const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8')
      const { origin, pathname } = new URL(url)
      return new Redfish({ ...options, url: origin + pathname.replace(/\/+$/, ''), ca })
    }
    const find = async (from: Redfish, signal: AbortSignal, pollMs: number): Promise<Found> => {
      walk ??= withDeadline(
        (own) => findPower(new Pages(from, own), chassis, pollMs, memory),
        WALK_MS,
        closed.signal,
      )
        .then((result) => {
          aliveAtMs = foundAtMs = performance.now()
          found = result
          return result
        })
        .finally(() => {
          walk = undefined
        })
      const running = walk
      return withDeadline(() => running, WALK_MS, signal)
    }
    return {
      async read(signal) {
        bmc ??= await service()
        const pollMs = deadlineOf(signal)?.ms ?? UNTOLD_MS
        const knownAtMs = found?.isWhole === false ? foundAtMs : aliveAtMs
        if (resource === undefined && performance.now() - knownAtMs > WALK_AGAIN_MS) found = undefined
        if (!found) {
          const { identity, first } = await find(bmc, signal, pollMs)
          return [readingOf(identity, first)]
        }
        const pages = new Pages(bmc, signal)
        const power = await found.chooser.read(pages, pollMs)
        if (power.powerW !== undefined || power.energyJ !== undefined) aliveAtMs = performance.now()
        else if (pages.missing && !pages.anyAnswered) throw pages.missing
        return [readingOf(found.identity, power)]
      },
      remembers: () => memory.known,
      close: () => closed.abort(new Error('the session is closed')),
    }
  },
})

/** The resources that a person named; a sum of which one lacks its power would look right and be too low. */
const oneResource = (paths: readonly string[], checks: TotalChecks): Chooser =>
  new Chooser(
    [
      {
        name: paths.join(' + '),
        async read(pages) {
          const powers: RedfishPower[] = []
          for (const path of paths) powers.push(powerOf((await pages.row(path)) ?? {}))
          return sumOf(powers)
        },
      },
    ],
    checks,
  )

const noPower = ({
  unclear,
  refused,
}: {
  unclear: string | undefined
  refused: string | undefined
}): string =>
  unclear === undefined
    ? refused === undefined
      ? 'the BMC has no power reading now; check that the machine is switched on'
      : `the BMC says ${refused}, and no other place has a power now; check its supplies, or set resource to the place that is right`
    : `${unclear}; set resource to this machine's own: the path of its Sensor, or of its control (.../Power#/PowerControl/0)`

const readingOf = (
  identity: Reading['identity'],
  { powerW, energyJ, basis, unclear, refused, faults }: Chosen,
): Reading => ({
  identity,
  sample: defined({
    state: powerW === undefined && energyJ === undefined ? ('unknown' as const) : ('ok' as const),
    powerW,
    powerBasis: powerW === undefined ? undefined : (basis ?? 'reported'),
    faults:
      powerW === undefined && energyJ === undefined
        ? [noPower({ unclear, refused }), ...faults].map((fault) => fault.slice(0, 256))
        : faults.length > 0
          ? faults
          : undefined,
  }),
  ...(energyJ !== undefined && { counters: { energyJ } }),
})

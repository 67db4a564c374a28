import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { z } from 'zod'
import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { HttpUrlSchema } from '../../../protocol/kit/fields.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'
import { SecretSchema } from '../../../protocol/kit/secret.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import type { Reading } from '../../plugin/reading.ts'
import { Redfish } from './client.ts'
import { powerOf, type RedfishPower } from './power.ts'
import { findPower, type PowerSource } from './walk.ts'

/** A BMC takes about a second for each page, so the first walk may last longer than a poll; it goes on in the background. */
const WALK_MS = 60_000

export default defineDriver({
  name: 'redfish',
  summary:
    'a machine’s power by its BMC’s Redfish service: EnvironmentMetrics, Power or the supplies’ inputs',
  kind: 'host',
  needsHost: 'or-url',
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
      .string()
      .startsWith('/redfish/')
      .optional()
      .describe('path of the only resource to read, such as /redfish/v1/PowerEquipment/RackPDUs/1/Metrics'),
  }),
  open({ host, options }): Session {
    const {
      url = host && `https://${isIPv6(host) ? `[${host}]` : host}`,
      caFile,
      resource,
      chassis,
    } = options
    const closed = new AbortController()
    let bmc: Redfish | undefined
    let source: PowerSource | undefined
    let walk: Promise<PowerSource> | undefined

    const service = async (): Promise<Redfish> => {
      if (!url) throw new PerwattError('usage', 'no BMC is named; set host or url')
      const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8')
      const { origin, pathname } = new URL(url)
      return new Redfish({ ...options, url: origin + pathname.replace(/\/+$/, ''), ca })
    }
    const found = async (from: Redfish, signal: AbortSignal): Promise<PowerSource> => {
      if (resource !== undefined) return { identity: { kind: 'host' }, paths: [resource] }
      walk ??= withDeadline((own) => findPower(from, chassis, own), WALK_MS, closed.signal).finally(() => {
        walk = undefined
      })
      const running = walk
      return withDeadline(() => running, WALK_MS, signal)
    }
    return {
      async read(signal) {
        bmc ??= await service()
        source ??= await found(bmc, signal)
        const powers: RedfishPower[] = []
        for (const path of source.paths) powers.push(powerOf(await bmc.get(path, signal)))
        return [readingOf(source, powers)]
      },
      close: () => closed.abort(new Error('the session is closed')),
    }
  },
})

/** Power supplies share the load, and an idle one may report nothing, so the machine's power is the sum of those that report. */
function readingOf({ identity }: PowerSource, powers: readonly RedfishPower[]): Reading {
  const powerW = sum(powers.map((p) => p.powerW).filter((w) => w !== undefined))
  const energies = powers.map((p) => p.energyJ).filter((e) => e !== undefined)
  // a sum without one of its counters would look like a counter reset
  const energyJ = energies.length === powers.length ? sum(energies) : undefined
  return {
    identity,
    sample:
      powerW === undefined && energyJ === undefined
        ? {
            state: 'unknown',
            faults: ['the BMC has no power reading now; check that the machine is switched on'],
          }
        : defined({ state: 'ok' as const, powerW, powerBasis: 'reported' as const }),
    ...(energyJ !== undefined && { counters: { energyJ } }),
  }
}

const sum = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0)

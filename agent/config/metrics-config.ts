import { z } from 'zod'
import { HostSchema, PortSchema } from '../../protocol/kit/fields.ts'
import { beyondLoopback } from '../../protocol/kit/loopback.ts'
import { SecretSchema } from '../../protocol/kit/secret.ts'

/** `metrics:` of the agent's configuration; without it the agent opens no port. */
export const MetricsSchema = z
  .strictObject({
    host: HostSchema.default('127.0.0.1').describe(
      'address of the page /metrics; 0.0.0.0 for a Prometheus on another machine',
    ),
    port: PortSchema.default(8081).describe('TCP port of the page; each agent of a machine needs its own'),
    token: SecretSchema.optional().describe(
      'token that Prometheus must send as a bearer; required where host is beyond loopback',
    ),
  })
  .superRefine(({ host, token }, ctx) => {
    if (!token && beyondLoopback(host))
      ctx.addIssue({
        code: 'custom',
        path: ['token'],
        message: `expected a token, because ${host} can be reached from other machines, and without one anybody there could read the names of the devices; set one, or host: 127.0.0.1`,
      })
  })

import { z } from 'zod'
import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Owner } from '../../protocol/owner.ts'
import { exchangeHttp, refuse } from '../wire/http.ts'
import { labelFacts, ownerOf } from './facts.ts'
import { parseAs } from './json.ts'
import { codeOf } from './proc.ts'

/** Of Docker's API what Podman's has too. */
const ContainerSchema = z.object({
  Name: z.string(),
  Config: z.object({
    Image: z.string().optional(),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
})

/**
 * What Docker or Podman says of a container, through its socket; undefined where it doesn't know it.
 * @throws PerwattError `no-permission`, `unreachable`, `http-status` or `malformed`
 */
export async function askEngine(
  socketPath: string,
  containerId: string,
  labels: readonly string[],
  signal: AbortSignal,
): Promise<Owner | undefined> {
  const address = `http://localhost/containers/${containerId}/json`
  const answer = await exchangeHttp(address, { signal, socketPath }).catch((error: unknown) => {
    throw explained(error, socketPath)
  })
  if (answer.status === 404) return undefined
  refuse(answer, address)
  const container = parseAs(ContainerSchema, answer.text)
  if (!container)
    throw new PerwattError('malformed', `${socketPath} answers no container; is it Docker's or Podman's API?`)
  const { Name, Config } = container
  return ownerOf({
    // Docker writes a slash before it
    containerName: Name.replace(/^\//, ''),
    image: Config.Image,
    ...labelFacts(Config.Labels, labels),
  })
}

function explained(error: unknown, socketPath: string): unknown {
  const code = error instanceof PerwattError ? codeOf(error.cause) : ''
  const docker = socketPath.includes('docker')
  if (code === 'EACCES' || code === 'EPERM')
    return new PerwattError(
      'no-permission',
      `${socketPath} may not be opened; run the agent as root${docker ? ' or add its user to group docker' : ''}`,
    )
  if (code === 'ENOENT')
    return new PerwattError(
      'unreachable',
      `${socketPath} is not there; ${docker ? 'correct dockerSocket' : 'enable podman.socket, or correct podmanSocket'}`,
    )
  return error
}

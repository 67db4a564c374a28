import { z } from 'zod'
import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Owner } from '../../protocol/owner.ts'
import { exchangeHttp, refuse } from '../wire/http.ts'
import { errnoCode } from './errno.ts'
import { labelFacts, ownerOf } from './owner-facts.ts'
import { parseJsonAs } from './parse-json.ts'

/** The part of Docker's API that Podman has too. */
const ContainerSchema = z.object({
  Name: z.string(),
  Config: z.object({
    Image: z.string().optional(),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
})

/**
 * Asks Docker or Podman about a container, through its socket. Undefined where the engine doesn't know the container.
 * @throws PerwattError `no-permission`, `unreachable`, `http-status` or `malformed`
 */
export async function askContainerEngine(
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
  const container = parseJsonAs(ContainerSchema, answer.text)
  if (!container)
    throw new PerwattError(
      'malformed',
      `${socketPath} answered something that is no container; check that it is Docker's or Podman's API`,
    )
  const { Name, Config } = container
  return ownerOf({
    // Docker writes a slash before the name
    containerName: Name.replace(/^\//, ''),
    image: Config.Image,
    ...labelFacts(Config.Labels, labels),
  })
}

function explained(error: unknown, socketPath: string): unknown {
  const code = error instanceof PerwattError ? errnoCode(error.cause) : ''
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

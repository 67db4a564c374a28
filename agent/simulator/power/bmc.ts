import type { GpuHost } from '../gpu/host.ts'
import { at, type Part, type Resource, ROOT } from './bmc-parts.ts'
import { type BmcShape, SHAPES } from './bmc-shapes.ts'

/** Where the BMC of several nodes shows the first one, which is the host. */
export const OWN_NODE = `${ROOT}/Chassis/Main/Power#/PowerControl/0`

/** The resource at a path of the host's BMC; undefined: there is none. The power is the host's at its plug. */
export function bmcResource(host: GpuHost, shape: BmcShape, path: string): Resource | undefined {
  const { systems, chassis } = SHAPES[shape](host)
  if (path === ROOT) return { Id: 'RootService', Systems: at('Systems'), Chassis: at('Chassis') }
  if (path === `${ROOT}/Systems`) return members('Systems', systems)
  if (path === `${ROOT}/Chassis`) return members('Chassis', chassis)
  const [, collection, id = '', below] =
    /^\/redfish\/v1\/(Systems|Chassis)\/([^/]+)(?:\/([\w/]+))?$/.exec(path) ?? []
  const found = (collection === 'Systems' ? systems : chassis)[id]
  if (!found) return undefined
  const { pages = {}, ...row } = found
  if (below !== undefined) return pages[below]
  const links = Object.keys(pages)
    .filter((page) => !page.includes('/'))
    .map((page) => [page, at(`${collection}/${id}/${page}`)])
  return { Id: id, ...row, ...Object.fromEntries(links) }
}

const members = (collection: string, parts: Record<string, Part>): Resource => ({
  Members: Object.keys(parts).map((id) => at(`${collection}/${id}`)),
})

import type { GpuHost } from '../gpu/host.ts'

/**
 * What a BMC's Redfish service is like: a plain rack server; one with an NVIDIA HGX baseboard, which it lists beside the machine; the
 * manager of a chassis of two nodes, which does not say which of them a reader means.
 */
export type BmcShape = 'plain' | 'hgx' | 'multi-node'
export const BMC_SHAPES: readonly BmcShape[] = ['plain', 'hgx', 'multi-node']

const ROOT = '/redfish/v1'
/** Where the BMC of several nodes shows the first one, which is the host. */
export const OWN_NODE = `${ROOT}/Chassis/Main/Power#/PowerControl/0`

type Resource = Readonly<Record<string, unknown>>

/** The resource at a path of the host's BMC; undefined: there is none. The power is the host's at its plug. */
export function bmcResource(host: GpuHost, shape: BmcShape, path: string): Resource | undefined {
  const { systems, chassis } = SHAPES[shape](host)
  if (path === ROOT) return { Id: 'RootService', Systems: at('Systems'), Chassis: at('Chassis') }
  if (path === `${ROOT}/Systems`) return members('Systems', systems)
  if (path === `${ROOT}/Chassis`) return members('Chassis', chassis)
  const [, collection, id = '', below] =
    /^\/redfish\/v1\/(Systems|Chassis)\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? []
  const found = (collection === 'Systems' ? systems : chassis)[id]
  if (!found) return undefined
  const { pages = {}, ...row } = found
  if (below !== undefined) return pages[below]
  const links = Object.keys(pages).map((name) => [name, at(`${collection}/${id}/${name}`)])
  return { Id: id, ...row, ...Object.fromEntries(links) }
}

interface Part {
  pages?: Record<string, Resource>
  [field: string]: unknown
}
interface Service {
  systems: Record<string, Part>
  chassis: Record<string, Part>
}

const at = (path: string) => ({ '@odata.id': `${ROOT}/${path}` })
const members = (collection: string, parts: Record<string, Part>): Resource => ({
  Members: Object.keys(parts).map((id) => at(`${collection}/${id}`)),
})

const machine = (host: GpuHost, chassis: readonly string[]) => ({
  Manufacturer: 'Example Systems',
  Model: 'GPU Server X8',
  SerialNumber: `SIM-${host.name.toUpperCase()}`,
  PowerState: 'On',
  ...(chassis.length > 0 && { Links: { Chassis: chassis.map((id) => at(`Chassis/${id}`)) } }),
})

/** DSP2046, Power. Half of the power comes through each of two supplies; a third one is broken, and still shows its last figure. */
const plainPower = (powerW: number): Resource => ({
  PowerControl: [{ MemberId: '0', Name: 'System Power Control', PowerConsumedWatts: Math.round(powerW) }],
  PowerSupplies: [
    ...[1, 2].map((bay) => ({
      Name: `PS${bay}`,
      PowerInputWatts: Math.round(powerW / 2),
      Status: { State: 'Enabled' },
    })),
    { Name: 'PS3', PowerInputWatts: 1450, Status: { State: 'UnavailableOffline' } },
  ],
})

const SHAPES: Readonly<Record<BmcShape, (host: GpuHost) => Service>> = {
  plain: (host) => ({
    systems: { 1: machine(host, ['1']) },
    chassis: { 1: { ChassisType: 'RackMount', pages: { Power: plainPower(host.wallW) } } },
  }),
  // AMI's firmware on HGX B300: no power in the standard field, and the present one in PowerMetrics of the BMC's own chassis
  hgx: (host) => ({
    systems: {
      HGX_Baseboard_0: { Links: { Chassis: [at('Chassis/HGX_Chassis_0')] } },
      System_0: machine(host, []),
    },
    chassis: {
      BMC_0: {
        ChassisType: 'Module',
        pages: {
          Power: {
            PowerControl: [
              { PowerConsumedWatts: null, PowerMetrics: { CurConsumedWatts: Math.round(host.wallW) } },
            ],
          },
        },
      },
      HGX_Chassis_0: {
        ChassisType: 'Module',
        Links: { ComputerSystems: [at('Systems/HGX_Baseboard_0')] },
        pages: { EnvironmentMetrics: { PowerWatts: { Reading: host.powerW } } },
      },
    },
  }),
  'multi-node': (host) => ({
    systems: { 1: machine(host, ['Main']) },
    chassis: {
      Main: {
        ChassisType: 'RackMount',
        pages: {
          Power: {
            PowerControl: [
              { MemberId: '0', Name: 'Node 1 Power', PowerConsumedWatts: Math.round(host.wallW) },
              { MemberId: '1', Name: 'Node 2 Power', PowerConsumedWatts: 412 },
            ],
          },
        },
      },
    },
  }),
}

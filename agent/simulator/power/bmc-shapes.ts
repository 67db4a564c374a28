import type { GpuHost } from '../gpu/host.ts'
import { MAKER_SHAPES, type MakerShape } from './bmc-maker-shapes.ts'
import {
  at,
  collection,
  machine,
  type Resource,
  ROOT,
  rackServer,
  type Service,
  sensor,
} from './bmc-parts.ts'

/**
 * What a BMC's Redfish service is like: a plain rack server; one with an NVIDIA HGX baseboard, which it lists beside the machine; the
 * manager of a chassis of two nodes, which does not say which of them a reader means; Fujitsu's with the power in a place of its own;
 * one with plain sensors alone; newer ones with the supplies' metrics or the machine's own; makers' own in bmc-maker-shapes.ts.
 */
export type BmcShape =
  | 'plain'
  | 'hgx'
  | 'multi-node'
  | 'fujitsu'
  | 'sensors'
  | 'subsystem'
  | 'environment'
  | MakerShape

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

/** Its supplies by PowerSupplyMetrics (DSP2046, PowerSubsystem): two share the load, and the third bay is empty. */
function subsystem({ wallW, powerW }: GpuHost): Record<string, Resource> {
  const where = 'Chassis/Main/PowerSubsystem/PowerSupplies'
  const metrics = (bay: number): Resource => ({
    InputPowerWatts: { Reading: wallW / 2 },
    OutputPowerWatts: { Reading: powerW / 2, DataSourceUri: `${ROOT}/Chassis/Main/Sensors/ps${bay}_out` },
  })
  return {
    PowerSubsystem: { PowerSupplies: at(where) },
    'PowerSubsystem/PowerSupplies': { Members: ['PSU1', 'PSU2', 'PSU3'].map((id) => at(`${where}/${id}`)) },
    ...Object.fromEntries(
      [1, 2].flatMap((bay) => [
        [
          `PowerSubsystem/PowerSupplies/PSU${bay}`,
          { Status: { State: 'Enabled' }, Metrics: at(`${where}/PSU${bay}/Metrics`) },
        ],
        [`PowerSubsystem/PowerSupplies/PSU${bay}/Metrics`, metrics(bay)],
      ]),
    ),
    'PowerSubsystem/PowerSupplies/PSU3': { Status: { State: 'Absent' } },
  }
}

export const SHAPES: Readonly<Record<BmcShape, (host: GpuHost) => Service>> = {
  plain: (host) => rackServer(host, '1', { Power: plainPower(host.wallW) }),
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
  'multi-node': (host) =>
    rackServer(host, 'Main', {
      Power: {
        PowerControl: [
          { MemberId: '0', Name: 'Node 1 Power', PowerConsumedWatts: Math.round(host.wallW) },
          { MemberId: '1', Name: 'Node 2 Power', PowerConsumedWatts: 412 },
        ],
      },
    }),
  // iRMC S5 and S6 (Fujitsu, iRMC RESTful API, Power): the chassis' own power, and none in the standard field
  fujitsu: (host) =>
    rackServer(host, '0', {
      Power: {
        PowerControl: [{ MemberId: '0', Name: 'CPU Sub-system Power', PowerConsumedWatts: 310 }],
        Oem: {
          ts_fujitsu: { ChassisPowerConsumption: { CurrentPowerConsumptionW: Math.round(host.wallW) } },
        },
      },
    }),
  // a tray with parts' sensors around the machine's
  sensors: (host) =>
    rackServer(
      host,
      'Main',
      collection('Chassis/Main', 'Sensors', {
        GPU_0_Power: sensor('GPU 0 Power', host.gpus[0]?.powerW ?? 0),
        CPU_Power: sensor('CPU Power', 310),
        Inlet_Temp: { Name: 'Inlet Temp', ReadingType: 'Temperature', ReadingUnits: 'Cel', Reading: 23 },
        total_power: sensor('Total Power', Math.round(host.wallW)),
      }),
    ),
  subsystem: (host) => rackServer(host, 'Main', subsystem(host)),
  // DSP2046, EnvironmentMetrics: the machine's own
  environment: (host) =>
    rackServer(host, 'Main', {
      EnvironmentMetrics: { PowerWatts: { Reading: host.wallW }, TemperatureCelsius: { Reading: 23 } },
    }),
  ...MAKER_SHAPES,
}

export const BMC_SHAPES = Object.keys(SHAPES) as BmcShape[]
